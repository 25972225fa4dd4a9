export const handler = async () => 'a module by package.json';
