import type { Lexicon } from "./lexicon.js";

// The object is inside the verb: ku-m-pamagara "to call me" (n + h is mp),
// ku-du-hamagara "to call us", ku-ny-andikira "to write to me". A prohibition is
// ntu-/ntimu- with the subjunctive (-e), or wi-/mwi- with -a; "again" is the verb
// -ongera: ntu-z-ongere "do not (ever) ... again".
export const kinyarwanda: Lexicon = {
  language: "rw",
  sets: {
    tocall:
      "kumpamagara kuduhamagara kunterefona kuntelefona kunyandikira kutwandikira kumvugisha kumbangamira kuntesha kunsakuriza",
    tosend: "kunyoherereza kutwoherereza kunyohereza kutwohereza",
    notagain:
      "ntuzongere ntimuzongere ntukongere ntimukongere ntukazongere ntimukazongere ntiwongere ntimwongere ntuzasubire ntimuzasubire ntukasubire ntimukasubire wikongera mwikongera",
    stop: "reka mureke rekera murekere murekera hagarika muhagarike wareka mwareka wahagarika mwahagarika nimureke nimuhagarike nureke rekeraho",
    stopthat: "mureka ureka muhagarika uhagarika kureka guhagarika",
    donot:
      "ntukampamagare ntimukampamagare ntuzampamagare ntimuzampamagare ntumpamagare ntimumpamagare wimpamagara mwimpamagara ntukaduhamagare ntimukaduhamagare ntuzaduhamagare ntimuzaduhamagare ntukanyandikire ntimukanyandikire ntuzanyandikire ntimuzanyandikire ntunyandikire ntimunyandikire winyandikira mwinyandikira ntukambangamire ntimukambangamire",
    donotsend:
      "ntukanyoherereze ntimukanyoherereze ntuzanyoherereze ntimuzanyoherereze ntunyoherereze ntimunyoherereze ntukanyohereze ntimukanyohereze ntuzanyohereze ntimuzanyohereze winyoherereza mwinyoherereza",
    unwilling: "sinshaka singishaka sinkeneye sinifuza",
    youcall:
      "mumpamagara umpamagara munyandikira unyandikira muduhamagara uduhamagara mumbangamira umbangamira",
    yousend: "munyoherereza unyoherereza munyohereza unyohereza",
    messages: "ubutumwa mesaje message messages sms amatangazo tangazo",
    your: "bwanyu bwawe yanyu yawe zanyu zawe ubwo bwose ayo aya izi izo ubu bwamamaza bwubucuruzi yamamaza yubucuruzi",
    emphasis: "rwose ukundi nagato burundu narimwe na rimwe",
    takeoff:
      "nkura nkure munkure nkuremo munkuremo nkuramo munkuramo mwankura wankura mwankuramo wankuramo mvana munvane mumvane mvanamo mwamvana munsibe nsiba mwansiba",
    erase:
      "siba musibe mwasiba wasiba hanagura muhanagure kura mukure mwakura wakura kuramo mukuremo mwakuramo vana muvane mwavana vanamo muvanemo",
    number: "nimero numero nomero nimeri namba izina telefone telefoni",
    list: "rutonde urutonde liste lisiti lisite list ntonde",
  },
  keywords: [
    "hagarika",
    "muhagarike",
    "hagarika ubutumwa",
    "rekera aho",
    "murekere aho",
    "mureke",
    "kuvamo",
    "nkuramo",
    "munkuremo",
    "ndashaka kuvamo",
    "ndashaka guhagarika",
    "mundeke",
    "kwiyandukuza",
    "iyandukuze",
  ],
  bareKeywords: ["reka", "guhagarika", "vamo", "reka nyamuneka"],
  optInKeywords: [
    "tangira",
    "ongera utangire",
    "ongera mutangire",
    "mwongere mutangire",
    "subukura",
    "mwongere mumpamagare",
    "mwongere munyandikire",
    "nyandika",
    "iyandikishe",
  ],
  courtesies: [
    "nyamuneka",
    "mbabarira",
    "mumbabarire",
    "murakoze",
    "urakoze",
    "ndabasabye",
    "ndagusabye",
    "muraho",
    "yego",
    "oya",
    "rwose",
    "ubu",
    "nonaha",
  ],
  requests: [
    {
      patterns: [
        "{notagain} {emphasis}* {tocall} {emphasis}*",
        "{notagain} {emphasis}* {tosend} {messages}? {your}*",
        "{stop} (aho|rwose|noneho)* {tocall} {emphasis}*",
        "{stop} (aho|rwose|noneho)* {tosend} {messages} {your}*",
        "(hagarika|muhagarike|mwahagarika|wahagarika) {messages} {your}*",
        "(hagarika|muhagarike|mwahagarika|wahagarika|reka|mureke) kohereza {messages} {your}*",
        "(hagarika|muhagarike|mwahagarika|mureke) guhamagara (iyi|kuri|iyo)* {number} yanjye?",
        "(ndashaka|ndasaba|ndifuza|turashaka|ndabasaba|ndagusaba) (ko|nti|ngo)? {stopthat} {tocall}",
        "(ndashaka|ndasaba|ndifuza|turashaka|ndabasaba|ndagusaba) (ko|nti|ngo)? {stopthat} {tosend} {messages}?",
        "(ndashaka|ndifuza|ndasaba) (guhagarika|kureka) (kwakira|kubona)? {messages} {your}*",
        "{unwilling} ko? (kongera|muzongera|uzongera|mwongera|wongera) {tocall}",
        "{unwilling} kongera (guhamagarwa|kwandikirwa|kohererezwa) {messages}?",
        "{unwilling} kongera (kwakira|kubona) {messages} {your}*",
        "{unwilling} (kwakira|kubona|kohererezwa) {messages} {your}*",
        "{unwilling} {messages} {your} {your}*",
        "{unwilling} (telefone|telefoni|guhamagara) (zanyu|zawe)",
      ],
    },
    {
      weak: true,
      contact: true,
      patterns: [
        "{donot}",
        "{donotsend} {messages} {your}*",
        "{unwilling} ko {youcall}",
        "{unwilling} ko {yousend} {messages} {your}*",
        "{unwilling} guhamagarwa (namwe|nawe)?",
      ],
    },
    {
      absolute: true,
      patterns: [
        "{takeoff} (ku|kuri|mu|muri) (uru|urwo)? {list}",
        "{erase} {number} (yanjye|ryanjye|zanjye)",
        "{erase} {number} ya telefone yanjye",
        "(ndashaka|ndifuza|ndasaba) (kuva|kuvamo|gukurwa|kwivana) (ku|kuri|mu) (uru|urwo)? {list}",
        "(mpa|mumpe|muhe) amahoro",
        "(mundeke|undeke) (amahoro|mu)",
      ],
    },
    {
      follow: "closing",
      patterns: ["{takeoff} rwose?", "ndashaka kuvamo rwose?"],
    },
  ],
  subjects: [],
  others: [],
  before: [
    "(sinavuze|sinababwiye|sinakubwiye|sinasabye|ntabwo|sinigeze) (navuze|nababwiye|nakubwiye|nasabye|mvuga|mbabwira)? (ngo|ko|nti)?",
    "(nigute|gute|niba|iyo) (nakora|nabigenza|na)?",
    "(wanditse|yanditse|yavuze|ivuga|andika|ohereza|ijambo|indirimbo) (ngo|ko|ijambo)*",
  ],
  limits: [
    "(nijoro|mugitondo|nimugoroba|kumugoroba|saa|iyo|igihe|mbere|nyuma)",
    "(mu|ku) (gitondo|cyumweru|masaha|manywa|mugoroba|kazi|ijoro|misa|nama|cyongereza|gifaransa|kinyarwanda|giswahili)",
    "ku wa",
    "kare",
    "(hafi|batinze|utinze|mutinze)",
  ],
  moments: [
    "(ubu|nonaha|ejo|uyumunsi|none|ubungubu|aka)",
    "uyu (munsi|mwanya|mugoroba)",
    "(ndatwaye|ndi)",
  ],
  otherChannels: [
    "(ahubwo|gusa|ariko)* (nyandikira|munyandikire|unyandikire|mpamagara|mumpamagare|umpamagare|nyoherereza|munyoherereze)",
  ],
  continuations: "",
};
