// entry: .
export { };
