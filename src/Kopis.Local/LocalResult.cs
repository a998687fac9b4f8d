using Kopis.Base;

namespace Kopis.Local;

/// <summary>How qmail-local ends: its exit code and what it prints (contract §7.5).</summary>
internal sealed record LocalResult(int Code, byte[] Text)
{
    internal static LocalResult Retry(string text) =>
        new(ExitCode.Temporary, ByteText.ToBytes(text + "\n"));

    internal static LocalResult Fail(string text) =>
        new(ExitCode.Permanent, ByteText.ToBytes(text + "\n"));
}
