namespace Kopis.Local.Worker;

/// <summary>What a warm qmail-local says of one delivery.</summary>
/// <param name="Id">The order's.</param>
/// <param name="ExitCode">What qmail-local by hand would exit with.</param>
/// <param name="Text">What it would print.</param>
internal readonly record struct LocalReport(uint Id, byte ExitCode, ReadOnlyMemory<byte> Text);
