namespace Kopis.Mail.Pop3;

/// <summary>A message to be sent.</summary>
/// <param name="Index">Which, from 0.</param>
/// <param name="BodyLines">How many lines of the body; null for all.</param>
public readonly record struct Pop3Message(int Index, long? BodyLines);
