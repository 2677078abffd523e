// A camera of this page, from asking for it to the last answer about it.

import { cameraIn } from "./camera.js";
import { connect } from "./connection.js";
import { outgoing } from "./outgoing.js";
import { recorded } from "./recorder.js";
import { sampler } from "./sampler.js";
import { setUp } from "./setup.js";

/** Until a person stops it, or the camera goes. Throws a Problem where it can't begin, or is cut off. */
export async function watchCamera(face, { options, key, onStarted }, signal) {
  const camera = cameraIn(face.video, signal);
  let line = null;
  let frames = null;
  const heard = { onTaken: (number) => frames.taken(number), onAnswer: face.answer };
  try {
    face.asking();
    await camera.open();
    face.ready();
    const { record } = await setUp(face.form, camera, signal);
    face.connecting();
    const { videoWidth: width, videoHeight: height } = face.video;
    line = await connect({ options, key: key || null, record, width, height }, heard, signal);
    frames = outgoing({ fps: line.fps, send: line.sendFrames });
    face.begun(line.job, { record });
    onStarted(line.job);
    await Promise.race([line.ended, streamed(face, { camera, line, frames, record })]);
    await line.ended;
  } finally {
    camera.close();
    line?.close();
  }
}

async function streamed(face, { camera, line, frames, record }) {
  const recording = record ? await recorded(camera.stream) : null;
  const shots = sampler(face.video, {
    fps: line.fps,
    side: line.side,
    zero: recording?.zero,
    onFrame: frames.add,
    onTick(seconds) {
      face.tick(seconds);
      if (recording) line.sendRecording(recording);
    },
  });
  try {
    await Promise.race([face.stopped(), camera.lost, line.ended]);
  } finally {
    shots.stop();
  }
  face.stopping();
  await recording?.stop();
  camera.close();
  await frames.empty();
  if (recording) await line.sendRest(recording, face.sending);
  face.stopping();
  line.stop();
}
