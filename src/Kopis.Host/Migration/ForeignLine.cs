namespace Kopis.Host.Migration;

/// <summary>A logical line of another server's file, and where it begins.</summary>
/// <param name="File">Its path.</param>
/// <param name="Number">The line's number, from 1.</param>
/// <param name="Text">The line, one character a byte; continuations are joined.</param>
internal readonly record struct ForeignLine(string File, int Number, string Text);
