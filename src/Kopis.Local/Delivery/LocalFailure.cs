using Kopis.Base;

namespace Kopis.Local.Delivery;

/// <summary>
/// Why a delivery ends early: qmail-local's exit code and the text of the report.
/// </summary>
/// <param name="ExitCode">100 or 111.</param>
/// <param name="Text">One line without LF; empty where a program has said enough.</param>
public sealed record LocalFailure(int ExitCode, byte[] Text)
{
    /// <summary>Worth another try.</summary>
    public static LocalFailure Temporary(string text) =>
        new(Base.ExitCode.Temporary, ByteText.ToBytes(text));

    /// <summary>Worth another try; the text names a file in its owner's bytes.</summary>
    public static LocalFailure Temporary(string before, ReadOnlySpan<byte> name, string after) =>
        new(
            Base.ExitCode.Temporary,
            [.. ByteText.ToBytes(before), .. name, .. ByteText.ToBytes(after)]);

    /// <summary>Never.</summary>
    public static LocalFailure Permanent(string text) =>
        new(Base.ExitCode.Permanent, ByteText.ToBytes(text));
}
