"use strict";

exports.handle = async (event) => {
  if (event.SleepMs) await new Promise((done) => setTimeout(done, event.SleepMs));
  return { Hello: event.Name };
};
