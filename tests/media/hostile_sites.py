"""Public sites that lead inward: by redirects, pages, manifests, or names whose address changes."""

from __future__ import annotations

from tests.media.hostile import DIRECT, HOSTS, MISSING, SMUGGLED, Page, Row, html, leads, to
from tests.media.site import TYPES


def refresh(target: str) -> Page:
    return html(f'<meta http-equiv="refresh" content="0; url={target}">')


def hls(*lines: str) -> Page:
    head = ("#EXTM3U", "#EXT-X-TARGETDURATION:4")
    return Page("\n".join((*head, *lines, "#EXT-X-ENDLIST", "")), TYPES[".m3u8"])


def master(*lines: str) -> Page:
    return Page("\n".join(("#EXTM3U", *lines, "")), TYPES[".m3u8"])


def dash(period: str, before: str = "") -> Page:
    return Page(
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        f'mediaPresentationDuration="PT4S">{before}{period}</MPD>',
        TYPES[".mpd"],
    )


def adaptation(inner: str, before: str = "") -> str:
    return (
        f'<Period>{before}<AdaptationSet mimeType="video/mp4"><Representation id="v" '
        f'bandwidth="1000">{inner}</Representation></AdaptationSet></Period>'
    )


def xml(text: str) -> Page:
    return Page(f'<?xml version="1.0"?>{text}', "application/xml")


SEGMENT = "#EXTINF:4,\n/s"
DATA = Page("x" * 5000, "video/mp2t")
VARIANT = "#EXT-X-STREAM-INF:BANDWIDTH=1000"
LIST = '<SegmentList duration="4"><SegmentURL media="s"/></SegmentList>'

REDIRECTS = (
    *(leads(to("$in/v.mp4", status)) for status in (301, 302, 303, 307, 308)),
    leads(to("//127.0.0.2:$port/v.mp4")),
    leads(to("http://2130706434:$port/v.mp4")),
    leads(to("http://[::ffff:127.0.0.2]:$port/v.mp4")),
    leads(to("http://[::1]:$port/v.mp4")),
    leads(to("http://localhost:$port/v.mp4")),
    leads(to("http://public.test@127.0.0.2:$port/v.mp4")),
    leads(to("https://127.0.0.2:$port/v.mp4")),
    leads(to("http://both.test:$port/v.mp4")),
    leads(to("http://169.254.169.254/latest/meta-data/")),
    leads(to("http://public.test:25/")),
    leads(to(f"$in/v.mp4{SMUGGLED}")),
    leads(to("/b"), b=to("/c"), c=to("$in/v.mp4")),
    leads(to("http://notpublic.test:$port/b", 307), b=to("$in/v.mp4", 301)),
    leads(to("file:///etc/passwd"), "url_unreachable"),
    leads(to("ftp://127.0.0.2:$port/v.mp4"), "url_unreachable"),
    leads(to("gopher://127.0.0.2:$port/"), "url_unreachable"),
    leads(to("data:video/mp4;base64,AAAA"), "url_unreachable"),
    leads(to("javascript:alert(1)"), "url_unreachable"),
    leads(to("http://[::1/"), "url_unreachable"),
    leads(to("/"), "url_unreachable"),
    leads(to("/b"), "url_unreachable", b=to("/")),
    leads(
        to("/%0d%0aHost:%20127.0.0.2"), "url_unreachable", **{"%0d%0aHost:%20127.0.0.2": MISSING}
    ),
    Row("$out/0", "url_unreachable", {f"/{n}": to(f"/{n + 1}") for n in range(11)}),
    Row("$out/0", "url_unreachable", {f"/{n}": refresh(f"/{n + 1}") for n in range(40)}),
)

REFRESHES = (
    leads(refresh("$in/v.mp4")),
    leads(refresh("/b"), b=refresh("/c"), c=refresh("$in/v.mp4")),
    leads(to("/b"), b=refresh("/c"), c=to("$in/v.mp4")),
    leads(Page("<html></html>", headers={"Refresh": "0; url=$in/v.mp4"})),
)

EMBEDDED = (
    '<video src="$in/v.mp4"></video>',
    '<video src="//127.0.0.2:$port/v.mp4"></video>',
    '<video src="http://0x7f.2:$port/v.mp4"></video>',
    '<video><source src="$in/v.mp4" type="video/mp4"></video>',
    '<video><source src="$in/a.m3u8" type="application/x-mpegurl"></video>',
    '<video><source src="$in/a.mpd" type="application/dash+xml"></video>',
    '<audio src="$in/v.mp3"></audio>',
    f'<video src="$in/v.mp4{SMUGGLED}"></video>',
    '<meta property="og:video" content="$in/v.mp4">',
    '<meta property="og:video" content="$in/a.m3u8">',
    '<meta name="twitter:player:stream" content="$in/v.mp4">',
    '<meta name="twitter:player" content="$in/player">',
    '<script type="application/ld+json">{"@context": "http://schema.org", "@type": "VideoObject",'
    ' "name": "x", "contentUrl": "$in/v.mp4"}</script>',
    '<script>jwplayer("x").setup({"file": "$in/v.mp4"});</script>',
    '<script>videojs("x", {}); p.src({"src": "$in/v.mp4", "type": "video/mp4"});</script>',
    '<script>flowplayer("x", {a: 1}, { clip: {url: "$in/v.mp4"}})</script>',
    '<embed flashvars="file=$in/v.mp4">',
)

NOT_FOLLOWED = (
    '<iframe src="$in/player"></iframe>',
    '<a href="$in/v.mp4">video</a>',
    '<script>location = "$in/v.mp4"</script>',
    '<script type="application/ld+json">{"@context": "http://schema.org", "@type": "VideoObject",'
    ' "name": "x", "embedUrl": "$in/player"}</script>',
)

LISTS = (
    '<rss><channel><item><enclosure url="$in/v.mp4"/></item></channel></rss>',
    "<rss><channel><item><link>$in/v.mp4</link></item></channel></rss>",
    '<smil><body><video src="$in/v.mp4"/></body></smil>',
    '<smil><body><video src="$in/v"/></body></smil>',
    '<playlist xmlns="http://xspf.org/ns/0/" version="1"><trackList><track>'
    "<location>$in/v.mp4</location></track></trackList></playlist>",
    '<SmoothStreamingMedia Duration="40000000" TimeScale="10000000">'
    '<StreamIndex Type="video" Url="$in/{bitrate}/{start time}"><QualityLevel Bitrate="1000" '
    'FourCC="H264" MaxWidth="64" MaxHeight="64" CodecPrivateData="00000001"/><c d="40000000"/>'
    "</StreamIndex></SmoothStreamingMedia>",
    '<manifest xmlns="http://ns.adobe.com/f4m/1.0"><media url="$in/v" bitrate="100"/></manifest>',
)

PAGES = (
    *(leads(html(body)) for body in EMBEDDED),
    *(leads(html(body), "url_no_video") for body in NOT_FOLLOWED),
    *(leads(xml(text)) for text in LISTS),
)

HLS = (
    leads(hls("#EXTINF:4,\n$in/s")),
    leads(hls("#EXTINF:4,\n//127.0.0.2:$port/s")),
    leads(hls("#EXTINF:4,\nhttp://2130706434:$port/s")),
    leads(hls("#EXTINF:4,\nhttp://[::ffff:127.0.0.2]:$port/s")),
    leads(hls("#EXTINF:4,\nhttp://localhost:$port/s")),
    leads(hls("#EXTINF:4,\nhttps://127.0.0.2:$port/s")),
    leads(hls("#EXTINF:4,\nhttp://both.test:$port/s")),
    leads(hls("#EXT-X-BYTERANGE:10@0\n#EXTINF:4,\n$in/s")),
    leads(hls('#EXT-X-MAP:URI="$in/init"', SEGMENT)),
    leads(hls(SEGMENT, "#EXTINF:4,\n$in/s"), s=DATA),
    leads(hls(SEGMENT), s=to("$in/s")),
    leads(hls('#EXT-X-KEY:METHOD=AES-128,URI="$in/key"', SEGMENT), s=DATA),
    leads(hls('#EXT-X-KEY:METHOD=AES-128,URI="/key"', SEGMENT), s=DATA, key=to("$in/key")),
    leads(to("/b"), b=hls("#EXTINF:4,\n$in/s")),
    leads(master(VARIANT, "$in/b")),
    leads(master(VARIANT, "/b"), b=to("$in/b")),
    leads(master(VARIANT, "/b"), b=hls("#EXTINF:4,\n$in/s")),
    leads(
        master(
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="$in/sound"',
            f'{VARIANT},CODECS="avc1.4d401e",AUDIO="a"\n/b',
        ),
        b=hls(SEGMENT),
        s=DATA,
    ),
    # Such keys are for ffmpeg, which is not started.
    leads(hls('#EXT-X-KEY:METHOD=SAMPLE-AES,URI="$in/key"', SEGMENT), "url_unreachable"),
    leads(hls("#EXTINF:4,\nfile:///etc/passwd"), "url_unreachable"),
    leads(hls("#EXTINF:4,\nrtsp://127.0.0.2:$port/s"), "url_unreachable"),
    leads(hls("#EXTINF:4,\ngopher://127.0.0.2:$port/"), "url_unreachable"),
)

DASH = (
    leads(dash(adaptation(LIST), before="<BaseURL>$in/</BaseURL>")),
    leads(dash(adaptation(LIST, before="<BaseURL>$in/</BaseURL>"))),
    leads(dash(adaptation(LIST, before="<BaseURL>//127.0.0.2:$port/</BaseURL>"))),
    leads(dash(adaptation(f"<BaseURL>$in/</BaseURL>{LIST}"))),
    leads(dash(adaptation("<BaseURL>$in/v.mp4</BaseURL>"))),
    leads(dash(adaptation(f"<BaseURL>x/</BaseURL>{LIST}", before="<BaseURL>$in/</BaseURL>"))),
    leads(dash(adaptation(LIST.replace('"s"', '"$in/s"')))),
    leads(dash(adaptation(LIST.replace("><", '><Initialization sourceURL="$in/i"/><', 1)))),
    leads(dash(adaptation('<SegmentTemplate media="$in/$$Number$$" duration="4"/>'))),
    leads(
        dash(
            adaptation('<SegmentTemplate initialization="$in/i" media="$$Number$$" duration="4"/>')
        )
    ),
    leads(dash(adaptation(LIST)), s=to("$in/s")),
    leads(to("/b"), b=dash(adaptation(LIST, before="<BaseURL>$in/</BaseURL>"))),
)

REBINDING = (
    Row("http://rebinding.test:$port/", pages={"/": Page("x" * 5000, "video/mp4")}),
    Row("http://rebinding.test:$port/", pages={"/": html('<video src="/v.mp4"></video>')}),
    Row("http://rebinding.test:$port/", pages={"/": to("/b")}),
    Row("http://rebinding-late.test:$port/", pages={"/": hls(SEGMENT)}),
)

ROWS = (*DIRECT, *HOSTS, *REDIRECTS, *REFRESHES, *PAGES, *HLS, *DASH, *REBINDING)
