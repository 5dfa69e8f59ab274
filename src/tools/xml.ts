const ENTITIES: Readonly<Record<string, string>> = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" };

/** Text for a place in XML. */
export function escapeXml(text: string): string {
  return (
    text
      // Characters that XML 1.0 cannot hold at all.
      .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
      .replace(/[<>&"]/g, (c) => ENTITIES[c]!)
      // An attribute's plain line ends would be read as spaces.
      .replace(/[\t\n\r]/g, (c) => `&#${c.charCodeAt(0)};`)
  );
}

type Attributes = Readonly<Record<string, string | number>>;

/** An element; its children are XML already. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const head = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`)
    .join("");
  return children.length === 0 ? `<${name}${head}/>` : `<${name}${head}>${children.join("")}</${name}>`;
}
