/** Style sheets, which the bundler puts into main.css. */
declare module "*.css" {}
/** Source files that the page shows. */
declare module "*?text" {
  const text: string;
  export default text;
}
