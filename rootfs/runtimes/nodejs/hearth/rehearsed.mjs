// The ES module of rehearsal.cjs.
export const handler = async (event) => ({ ...event });
