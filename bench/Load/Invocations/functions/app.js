"use strict";

exports.handle = async (event) => ({ Hello: event.Name });
