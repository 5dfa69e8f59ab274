/** Files that the bundler includes as text. */
declare module "*.py" {
  const text: string;
  export default text;
}
