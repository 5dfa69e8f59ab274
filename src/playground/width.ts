/** Cells that a text takes in a terminal: two for East Asian wide characters and emoji, none for combining marks. */
export function cells(text: string): number {
  let sum = 0;
  for (const character of text) {
    sum += /\p{Mark}|\u200d|\ufe0f/u.test(character) ? 0 : /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(character) ? 2 : 1;
  }
  return sum;
}
