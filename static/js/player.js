// The video, or its annotated copy where the browser cannot play it. Times are the container's own
// seconds.

const INSTEAD = "Your browser cannot play this kind of file, so this is the annotated copy, with " +
  "the actions written into the picture.";
const NOTHING = "Your browser cannot play this kind of file, and there is no annotated copy to " +
  "show instead. The timeline below is complete.";

/**
 * onTime hears the current second, with every frame while the video plays; onCopy hears whether the
 * annotated copy is shown.
 */
export function player(root, { onTime, onCopy }) {
  const video = root.querySelector("#player");
  const instead = root.querySelector("#instead");
  let result = null;
  let frame = 0;

  function tick() {
    onTime(video.currentTime);
    cancelAnimationFrame(frame);
    if (!video.paused && !video.ended) frame = requestAnimationFrame(tick);
  }

  function play(url, said) {
    instead.textContent = said;
    instead.hidden = !said;
    onCopy(url === result.annotated_url);
    video.src = url;
  }

  function fallBack() {
    const copy = result.annotated_url;
    if (copy && video.getAttribute("src") !== copy) play(copy, INSTEAD);
    else {
      instead.textContent = NOTHING;
      instead.hidden = false;
    }
  }

  video.addEventListener("play", tick);
  for (const name of ["timeupdate", "seeking", "seeked"]) {
    video.addEventListener(name, () => onTime(video.currentTime));
  }
  video.addEventListener("error", () => {
    if (video.hasAttribute("src")) fallBack();
  });
  video.addEventListener("loadedmetadata", () => {
    // Sound without a picture: the browser knows the container and not the video codec.
    if (!video.videoWidth) fallBack();
    else shape(root, video.videoWidth / video.videoHeight);
    // A clock that begins late would show the first frame, still, until then.
    if (video.currentTime < result.video.start) video.currentTime = result.video.start;
  });
  if (document.fullscreenEnabled) offerFullScreen(root, video);

  return {
    load(newResult) {
      result = newResult;
      shape(root, result.video.width / result.video.height);
      play(result.video_url, "");
    },
    unload() {
      video.pause();
      video.removeAttribute("src");
      video.load();
    },
    seek(time) {
      video.currentTime = time;
      onTime(time);
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
