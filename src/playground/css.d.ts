/** Style sheets, which the bundler puts into main.css. */
declare module "*.css" {}
