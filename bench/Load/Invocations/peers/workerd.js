export default {
  async fetch(request) {
    const event = await request.json();
    return new Response(JSON.stringify({ Hello: event.Name }), { headers: { "content-type": "application/json" } });
  },
};
