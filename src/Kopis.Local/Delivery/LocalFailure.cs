using Kopis.Base;

namespace Kopis.Local.Delivery;

/// <summary>
/// Why a delivery ends early: qmail-local's exit code and the text of the report.
/// </summary>
/// <param name="ExitCode">100 or 111.</param>
/// <param name="Text">One line without LF; empty if a program has already printed the reason.
/// </param>
public sealed record LocalFailure(int ExitCode, byte[] Text)
{
    /// <summary>A failure after which the delivery is tried again.</summary>
    public static LocalFailure Temporary(string text) =>
        new(Base.ExitCode.Temporary, ByteText.ToBytes(text));

    /// <summary>The same, with a text that names a file by the bytes of its name.</summary>
    public static LocalFailure Temporary(string before, ReadOnlySpan<byte> name, string after) =>
        new(
            Base.ExitCode.Temporary,
            [.. ByteText.ToBytes(before), .. name, .. ByteText.ToBytes(after)]);

    /// <summary>A failure that bounces the message.</summary>
    public static LocalFailure Permanent(string text) =>
        new(Base.ExitCode.Permanent, ByteText.ToBytes(text));
}
