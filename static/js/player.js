// The video, or its annotated copy where the browser cannot play it. Times are the container's own
// seconds.

import { element } from "./dom.js";

const INSTEAD = "Your browser cannot play this video, so this is the annotated copy, with the " +
  "actions written into the picture.";
const NOTHING = "Your browser cannot play this video, and there is no copy to show instead. The " +
  "timeline below is complete.";
const UNKEPT = "The camera’s picture was not kept, since no recording was asked for. What was " +
  "recognised is all here.";
const COMING = "Your browser cannot play this kind of video. A copy of it is being made.";

/** onTime hears the second and whether the video plays; onCopy whether the annotated copy is shown. */
export function player(root, { onTime, onCopy }) {
  const video = root.querySelector("#player");
  const instead = root.querySelector("#instead");
  let facts = null;
  let copy = null;
  let frame = 0;
  let awaited = null;
  const second = () => awaited ?? video.currentTime;

  function tell() {
    if (facts) onTime(video.currentTime, !video.paused && !video.ended);
  }

  function tick() {
    tell();
    cancelAnimationFrame(frame);
    if (!video.paused && !video.ended) frame = requestAnimationFrame(tick);
  }

  function say(text) {
    instead.textContent = text;
    instead.hidden = !text;
  }

  function play(url) {
    onCopy(url === copy);
    say(url === copy ? INSTEAD : "");
    video.src = url;
  }

  function fallBack() {
    if (copy && video.getAttribute("src") !== copy) play(copy);
    else say(NOTHING);
  }

  function seek(time) {
    const end = facts.start + facts.duration;
    const wanted = Math.min(Math.max(time, facts.start), end);
    // A video that is still loading takes no time; it is asked for once it does.
    awaited = video.readyState ? null : wanted;
    if (video.hasAttribute("src")) video.currentTime = wanted;
    onTime(wanted, !video.paused);
  }

  function toggle() {
    if (video.paused) video.play().catch(() => {});
    else video.pause();
  }

  video.addEventListener("play", tick);
  for (const name of ["timeupdate", "seeking", "seeked", "pause"]) video.addEventListener(name, tell);
  video.addEventListener("error", () => {
    if (video.hasAttribute("src")) fallBack();
  });
  video.addEventListener("loadedmetadata", () => {
    // Sound without a picture: the browser knows the container and not the video codec.
    if (!video.videoWidth) return fallBack();
    shape(root, video.videoWidth / video.videoHeight);
    // A clock that begins late would show the first frame, still, until then.
    if (awaited !== null) seek(awaited);
    else if (video.currentTime < facts.start) video.currentTime = facts.start;
  });
  if (document.fullscreenEnabled) offerFullScreen(root, video);

  return {
    /** Shows a video of which `url` may not be there yet; the same again changes nothing. */
    load(video_facts, url) {
      facts = video_facts;
      if (url && video.getAttribute("src") === url) return;
      shape(root, facts.width / facts.height);
      if (url) play(url);
      else say(COMING);
    },
    /** A video of which no picture was kept. */
    without(video_facts) {
      facts = video_facts;
      say(UNKEPT);
    },
    /** What to show where the browser cannot play the video; null for none. */
    instead(url) {
      copy = url;
      if (!video.hasAttribute("src") || video.error) fallBack();
    },
    captions(url) {
      const track = { kind: "captions", label: "Actions", srclang: "en", src: url };
      const shown = video.textTracks[0]?.mode ?? "disabled";
      video.replaceChildren(element("track", track));
      video.textTracks[0].mode = shown;
    },
    unload() {
      [facts, copy, awaited] = [null, null, null];
      video.pause();
      video.removeAttribute("src");
      video.replaceChildren();
      video.load();
    },
    seek,
    toggle,
    skip: (seconds) => seek(second() + seconds),
    step(frames) {
      video.pause();
      seek(second() + frames / (facts.fps || 25));
    },
    get paused() {
      return video.paused;
    },
    get time() {
      return second();
    },
  };
}

function shape(root, ratio) {
  root.querySelector("#stage").style.setProperty("--ratio", ratio);
}

// The player's own button would leave the overlay behind, so the box around both goes full screen.
function offerFullScreen(root, video) {
  const button = root.querySelector("#full-screen");
  button.hidden = false;
  button.addEventListener("click", () => root.querySelector("#theatre").requestFullscreen());
  video.controlsList?.add("nofullscreen");
}
