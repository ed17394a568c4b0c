"""Names as families of each language have them, as an American school office writes them down."""

from typing import NamedTuple


class Names(NamedTuple):
    """Given names of parents and of children, and family names, of one language."""

    parents: tuple[str, ...]
    children: tuple[str, ...]
    family: tuple[str, ...]


def _split(words: str, by: str | None = "|") -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in words.split(by))


def _names(parents: str, children: str, family: str) -> Names:
    return Names(_split(parents, None), _split(children, None), _split(family))


NAMES: dict[str, Names] = {
    "en": _names(
        "Angela Marcus Denise Patrick Tanya Brian Monique Kevin Laura Derek Renee Sean Alicia Terrence Karen Joseph",
        "Jayden Mia Tyler Zoe Malik Emma Caleb Aaliyah Owen Nia Lucas Harper Isaiah Ruby Noah Grace Elijah Chloe",
        "Walker|O'Brien|Jackson|Sullivan|Brooks|Murphy|Coleman|Doherty|Harris|Kelleher|Washington|Bennett|Price"
        "|Gallagher|Freeman|Whitfield",
    ),
    "es": _names(
        "María José Rosa Carlos Yesenia Luis Carmen Miguel Altagracia Rafael Claudia Héctor Juana Wilmer",
        "Sofía Mateo Camila Diego Valentina Ángel Lucía Santiago Daniela Adrián Ximena Julián Isabella Andrés",
        "Rodríguez|Guzmán|Pérez_Luna|Santos|Hernández|Mejía|Rivera|Núñez|Castillo|Vásquez|Ortiz|De_la_Cruz",
    ),
    "ht": _names(
        "Marie-Ange Jean-Claude Roseline Wilner Guerline Frantz Nadège Pierre-Louis Mirlande Réginald",
        "Wideline Jephté Naïka Stanley Lovely Kervens Dayana Woodley Fabiola Ralph",
        "Jean-Baptiste|Désir|Toussaint|Estimé|Charles|Saint-Louis|Augustin|Dorvil|Célestin|Lafleur",
    ),
    "kea": _names(
        "Maria_de_Fátima Adelino Ivone João Zenaida Emanuel Domingas Arlindo Filomena Nelson",
        "Leila Edson Dara Kevin Jéssica Ailton Nádia Hélder Rosana Djason",
        "Tavares|Barros|Lopes_da_Silva|Fontes|Monteiro|Semedo|Andrade|Varela|Pires|Baptista",
    ),
    "vi": _names(
        "Thị_Hương Văn_Minh Thị_Lan Quốc_Tuấn Thị_Thu Đức_Anh Thị_Mai Hữu_Phước",
        "Minh_Anh Gia_Bảo Khánh_Linh Tuấn_Kiệt Bảo_Ngọc Hoàng_Long Thảo_Vy Quang_Huy",
        "Nguyễn|Trần|Lê|Phạm|Huỳnh|Võ|Đặng|Bùi",
    ),
    "zh-Hans": _names(
        "Xiuying Jianguo Lihua Weimin Guifang Zhiqiang Yanli Haibo",
        "Yichen Zihan Ruoxi Haoran Meilin Jiahao Siqi Tianyu",
        "Wang|Li|Zhang|Liu|Zhao|Sun|Zhou|Xu",
    ),
    "zh-Hant": _names(
        "Siu-Ling Ka-Wai Mei-Yee Chun-Hung Wai-Fong Kwok-Keung",
        "Hoi-Ching Tsz-Hin Wing-Yan Lok-Yiu Chi-Hang Hiu-Tung",
        "Chan|Wong|Cheung|Leung|Lam|Ng",
    ),
    "pt": _names(
        "Ana_Paula Marcelo Luciana Ricardo Fernanda Wagner Cristina Edilson",
        "Letícia Gabriel Beatriz Thiago Larissa Vinícius Manuela Caio",
        "Oliveira|Ferreira|Souza|Medeiros|Almeida|Cordeiro|Batista|Moreira",
    ),
    "so": _names(
        "Fadumo Abdirahman Hodan Mohamed Sahra Ahmed Ifrah Yusuf",
        "Ayaan Zakariya Hamdi Liban Nasra Mahad Idil Bilal",
        "Warsame|Abdi|Farah|Hassan|Jama|Nur|Ali_Duale|Osman",
    ),
    "ar": _names(
        "Fatima Khaled Amal Youssef Hanan Tariq Samira Nabil",
        "Layla Omar Salma Karim Nour Adam Yasmin Ziad",
        "Haddad|Al-Masri|Khoury|Benali|El-Sayed|Mansour|Ibrahim|Saleh",
    ),
    "fr": _names(
        "Aminata Mamadou Céline Koffi Mariam Olivier Solange Ibrahima",
        "Aïcha Théo Inès Moussa Chloé Rayan Fanta Gaël",
        "Diallo|Traoré|Mbemba|Kouassi|Lefèvre|Ndiaye|Camara|Bamba",
    ),
}

SHARES: dict[str, int] = {
    "en": 68, "es": 44, "ht": 18, "kea": 16, "vi": 14, "zh-Hans": 12, "zh-Hant": 8, "pt": 14, "so": 10, "ar": 9,
    "fr": 7,
}  # fmt: skip
"""Families of each language; 220 in all, of whom 80 have a second child at the district's schools."""

STAFF = _split(
    "Ruth Calder|Anthony Reyes|Priya Raman|Helen Novak|Samuel Adeyemi|Grace Lindqvist|Omar Farouk|Judith Stein"
    "|Victor Almeida|Naomi Clarke|Peter Hsu|Dolores Vega|Martin Okafor|Ellen Fitzgerald|Yvonne Baptiste|Ian McRae"
    "|Leila Haddad|Thomas Brandt|Marisol Fuentes|Kwame Mensah|Alice Wren|Daniel Kim|Bridget Shea|Rohan Desai"
    "|Carla Mendes|Neil Ashworth|Tamara Ivanova|George Tully|Simone Laurent|Andre Watkins|Hannah Frost"
    "|Luis Ocampo|Beth Oduya|Walter Quinn|Farah Siddiqui|Jonas Meyer"
)
"""Three for each school: who leads it, a counselor, a teacher who refers."""

PARTNER_CONTACTS = _split(
    "Joanna Pruitt|Hector Solano|Wendy Zhao|Isaac Boateng|Margot Ellery|Tito Cabral|Sunita Rao|Frank Delaney"
    "|Esther Goldberg|Nadia Karam|Paul Etienne|Lorraine Hayes|Minh Trinh|Abdi Warfa|Beatriz Lima|Curtis Yates"
    "|Olga Petrov|Raymond Fields|Celia Montoya|Gwen Abbott"
)
