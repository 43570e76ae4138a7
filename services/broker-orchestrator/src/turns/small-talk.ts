/** Words of every day, by which a message that asks for nothing is told. */

const GREETINGS = words(
  "hello hi hey bonjour bonsoir salut muraho mwaramutse mwiriwe bite habari jambo hujambo mambo salamu",
);
const THANKS = words("thanks thank thx merci murakoze urakoze asante shukrani");
const YES = words("yes ok okay yep sure oui d'accord yego ego ndiyo sawa");
const AGAIN =
  /\b(?:again|code|resend|encore|renvoyez|kode|ongera|mwongere|subiramo|tena|namba)\b/i;
const CALLED =
  /\b(?:you called|missed call|last call|our call|vous m'avez appele|dernier appel|notre appel|mwampamagaye|wampamagaye|telefone|mlinipigia|ulinipigia|simu ya mwisho)\b/i;

export function isGreeting(text: string): boolean {
  const said = wordsOf(text);
  return said.length <= 5 && said.some((word) => GREETINGS.has(word));
}

export function isThanks(text: string): boolean {
  const said = wordsOf(text);
  return said.length <= 6 && said.some((word) => THANKS.has(word));
}

export function isYes(text: string): boolean {
  const said = wordsOf(text);
  return said.length <= 4 && said.some((word) => YES.has(word));
}

/** Asks for something that was sent before, such as a payment code. */
export function asksAgain(text: string): boolean {
  return AGAIN.test(plain(text));
}

export function speaksOfCall(text: string): boolean {
  return CALLED.test(plain(text));
}

/** The words of a text, without accents and in lower case. */
export function wordsOf(text: string): string[] {
  return plain(text)
    .split(/[^\p{L}\p{N}']+/u)
    .filter((word) => word !== "");
}

function plain(text: string): string {
  return text
    .slice(0, 4_096)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replaceAll("’", "'")
    .toLowerCase();
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}
