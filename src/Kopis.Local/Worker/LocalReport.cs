namespace Kopis.Local.Worker;

/// <summary>The result of one delivery from a warm qmail-local.</summary>
/// <param name="Id">The id of the order.</param>
/// <param name="ExitCode">The exit code that qmail-local by hand would have.</param>
/// <param name="Text">The text that it would print.</param>
internal readonly record struct LocalReport(uint Id, byte ExitCode, ReadOnlyMemory<byte> Text);
