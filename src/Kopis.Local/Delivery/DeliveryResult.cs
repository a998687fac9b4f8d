using Kopis.Base;
using Kopis.Users.Recipients;

namespace Kopis.Local.Delivery;

/// <summary>Makes qmail-lspawn's report from qmail-local's exit code and text (contract §7.2).
/// </summary>
internal static class DeliveryResult
{
    /// <summary>The most bytes of text in a report.</summary>
    internal const int ReportBytesMax = 3000;

    private const int Reserve = 3; // qmail leaves these unused when it cuts the text.
    private static readonly byte[] Cut = "\nError report too long, sorry.\n"u8.ToArray();

    /// <summary>The report of a qmail-local that ended with an exit code.</summary>
    internal static Outcome Of(int exitCode, ReadOnlySpan<byte> text)
    {
        byte[] said = text.Length > ReportBytesMax
            ? [.. text[..(ReportBytesMax - Cut.Length - Reserve)], .. Cut]
            : text.ToArray();
        int nul = Array.IndexOf(said, (byte)0);
        ReadOnlyMemory<byte> shown = nul < 0 ? said : said.AsMemory(0, nul);
        return exitCode switch
        {
            0 => new Outcome(Verdict.Delivered, shown),
            111 or 71 or 74 or 75 => new Outcome(Verdict.Retry, shown),
            _ => SpawnCode.Describe(exitCode) ?? new Outcome(Verdict.Failed, shown),
        };
    }

    /// <summary>The report of a qmail-local that crashed.</summary>
    internal static Outcome Crashed() => Outcome.Retry("qmail-local crashed.\n");
}
