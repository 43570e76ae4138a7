// ISO 4217, list one (active codes of countries), with the number of digits of the minor unit where it is not two.
const minorUnitDigits: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
};
const twoDigits =
  "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

const digitsByCode = new Map([
  ...twoDigits.split(" ").map((code): [string, number] => [code, 2]),
  ...Object.entries(minorUnitDigits),
]);

/** Whether it is the code of a currency in use. Pure. */
export function isCurrency(code: string): boolean {
  return digitsByCode.has(code);
}

/** An amount of minor units as people write it: `5,000 RWF`, `12.50 EUR`. Pure. */
export function writtenAmount(amount: number, currency: string): string {
  const digits = digitsByCode.get(currency) ?? 2;
  const units = String(amount).padStart(digits + 1, "0");
  const whole = units
    .slice(0, units.length - digits)
    .replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = digits === 0 ? "" : `.${units.slice(-digits)}`;
  return `${whole}${fraction} ${currency}`;
}
