"""Hand-written names and sentences of the Lantern Isles; `prose` puts them together."""

ARTICLES: dict[str, dict[str, tuple[str, ...]]] = {
    "places": {
        "harbours": (
            "Candle Quay",
            "Otter Steps",
            "Thimble Haven",
            "Low Sluice",
            "Grey Bollard",
            "Widow's Landing",
            "Saltpan Reach",
        ),
        "hills": ("Kettle Tor", "The Sleeping Mule", "Gorse Law", "Bell Down", "Old Shoulder"),
        "rivers": ("The Murl", "Applewater", "The Nine Fords", "Silver Lade", "The Hush"),
    },
    "creatures": {
        "birds": (
            "Lamp Petrel",
            "Rope Heron",
            "Whistling Tern",
            "Ash Gannet",
            "Clockwork Dunlin",
            "Bishop Gull",
            "Reed Owl",
        ),
        "fishes": ("Ink Bream", "Ribbon Cod", "Penny Sole", "Moon Lumpfish", "Stone Pilchard"),
        "insects": ("Lantern Moth", "Salt Cricket", "Carpenter Midge", "Velvet Hopper"),
    },
    "crafts": {
        "ropes": ("Sailmaker's Hitch", "Double Murl", "Fisher's Crown", "The Patient Knot"),
        "lamps": ("Quay Lamp", "Herring Light", "Storm Glass", "Pilot's Wick", "Choir Lantern"),
        "maps": ("The Cloth Chart", "Brannock's Atlas", "Wind Rose of 1702", "The Tide Almanac"),
    },
    "skies": {
        "winds": ("The Long Easterly", "Baker's Breeze", "The Scold", "Quiet Norther", "Hayblow"),
        "stars": ("The Anchor", "The Three Oars", "Ferryman's Lamp", "The Net", "Little Kettle"),
    },
}

BLURBS = {
    "places": "Where the boats go in, and what stands behind them",
    "creatures": "What flies, swims and whirs between the islands",
    "crafts": "Things made by hand, and by whose",
    "skies": "Weather and lights, as the islanders tell them",
    "harbours": "Seven harbours take a ship of any size; the others take an opinion",
    "hills": "None is high, all are steep",
    "rivers": "Short, cold and proud of it",
    "birds": "Counted every May from the roof of the ferry house",
    "fishes": "Those with a market price, and one without",
    "insects": "Mostly after dusk",
    "ropes": "Knots that hold, knots that let go, and one that does neither",
    "lamps": "The islands' oldest export",
    "maps": "Every one of them wrong in a useful place",
    "winds": "The almanac names forty; these are the ones that knock",
    "stars": "Seen from a small boat",
}

SENTENCES = {
    "places": (
        "{name} was first drawn by {person} in {year}, who put it on the wrong side of {other}.",
        "At low water the {adjective} stones of {name} can be crossed in {number} steps.",
        "The {trade} of {name} still meet on the first {day} after the {wind}.",
        "Until {year} the only way from {other} was by boat, and not by every boat.",
        "A {adjective} lamp has burned above {name} since {year}; nobody has been paid for it.",
        "Visitors are advised to bring {number} metres of rope and a {adjective} hat.",
        "{person} is said to have slept here before the regatta of {year}, badly.",
    ),
    "creatures": (
        "The {name} nests wherever {person} has just painted something.",
        "It was described in {year} from a {adjective} feather, a guess and a drawing.",
        "Its call is often mistaken for the {wind}, and by the {trade} for good news.",
        "About {number} pairs were counted near {place} in {year}.",
        "Unlike the {other}, it feeds at dusk and forgives quickly.",
        "The {trade} hold that a {adjective} one brings three days of fair weather.",
        "In captivity it lives for {number} months, in the wild for as long as it likes.",
    ),
    "crafts": (
        "The {name} was perfected by {person} of {place} during the winter of {year}.",
        "It takes {number} minutes to learn and a {adjective} lifetime to do in the dark.",
        "Good ones are made from hemp and {adjective} brass, never from both at once.",
        "The {trade} paid {number} herring for one, which was thought fair on both sides.",
        "It replaced the {other} after the {wind} of {year} had shown the difference.",
        "An early example hangs in the ferry house at {place}, upside down.",
        "{person} left {number} pages on how not to do it.",
    ),
    "skies": (
        "The {name} comes in {day} weeks and leaves without notice.",
        "{person} timed it at {number} minutes from {place} to {other}.",
        "The {trade} set their clocks by it until {year}.",
        "On a {adjective} night it stands over {place}, a hand's breadth above the mast.",
        "The almanac of {year} gives it {number} lines and one exclamation mark.",
        "Children are told it is a {adjective} relative of the {other}.",
        "No ship was ever lost by it, says {person}, and none was ever early.",
    ),
}

PEOPLE = (
    "Maud Brannock",
    "Ezra Pell",
    "Ada Thistlewick",
    "Tobias Quill",
    "Ingrid Sallow",
    "Old Haverstock",
    "Nell Oarsman",
    "the younger Finch",
)
TRADES = (
    "lamplighters",
    "ropewalkers",
    "pilots",
    "netmakers",
    "bakers",
    "ferrymen",
    "chart clerks",
)
ADJECTIVES = (
    "patient",
    "crooked",
    "salt-white",
    "borrowed",
    "modest",
    "well-oiled",
    "faded",
    "green",
    "second-best",
    "weatherproof",
)
DAYS = ("Monday", "Tuesday", "Thursday", "Friday", "Sunday")

GOODS: dict[str, tuple[str, ...]] = {
    "compasses": ("Pocket Compass", "Box Compass", "Bearing Ring", "Dry Card", "Ferry Compass"),
    "lanterns": ("Quay Lantern", "Signal Lamp", "Reading Lamp", "Herring Light", "Night Glass"),
    "ropes": ("Mooring Line", "Heaving Line", "Tarred Twine", "Bell Rope", "Hammock Cord"),
    "charts": ("Harbour Chart", "Star Wheel", "Tide Table", "Cloth Map", "Chart Weights"),
    "curios": ("Brass Whistle", "Glass Float", "Ship's Biscuit", "Bottled Wind", "Odd Oar"),
}
FINISHES = ("in brass", "for left hands", "second-hand", "Model 1702", "travel size")

HEADLINES = (
    "Ferry arrives early, passengers demand explanation",
    "Lamp Petrel returns to the roof it left",
    "Council votes to rename the Tuesday market",
    "Bell Down still there, survey finds",
    "Rope shortage eases as nobody ties anything",
    "Pilot retires after forty years and one reef",
    "Herring price falls below price of mentioning it",
    "Storm glass cracks; weather unchanged",
    "Atlas corrected, coast moved to fit",
    "Choir to sing in the fog so that it can be found",
    "New bridge meets old bridge, both surprised",
    "Lighthouse keeper wins dark-room prize",
    "School learns knot, cannot leave",
    "Regatta won by the boat that stayed",
    "Postman's mule promoted",
    "Tide table sells out before high water",
    "Moth named after mayor, mayor delighted",
    "Ferryman's Lamp seen by three who agree",
    "Old Haverstock denies being new",
    "Quay painted, gulls consulted",
    "Easterly blamed for westerly",
    "Museum opens drawer, closes it again",
    "Nine Fords reduced to eight for repairs",
    "Letter of 1702 delivered, reply expected",
)
REPORTS = (
    "It was {day} before anybody at {place} noticed, and by then the {trade} had gone home.",
    '"We had planned for the {wind}," said {person}, "but not for a {adjective} one."',
    "The cost is put at {number} herring, to be paid in instalments.",
    "A {adjective} crowd of {number} watched from the steps and offered advice.",
    "{person} called the outcome {adjective}, and asked not to be quoted.",
    "The last time this happened was in {year}, when {person} was blamed.",
    "A committee of {trade} will report back after the {wind}.",
    "Readers at {place} are asked to keep their lamps lit until {day}.",
)
