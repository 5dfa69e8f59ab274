/** The bundler turns Python files into their text. */
declare module "*.py" {
  const text: string;
  export default text;
}
