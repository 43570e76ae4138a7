/** A number without the spaces and marks that people put into it. */
export function plainNumber(number: string): string {
  return number.replace(/[\s().-]/g, "");
}
