using System.Text;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Results;
using Kopis.Mail.Tests.Authentication.Dkim;
using Kopis.Posix;

namespace Kopis.Mail.Tests.Authentication;

/// <summary>The worst that a message can cost, in time of this process's thread and in memory.
/// </summary>
public class CostTests
{
    /// <summary>What a message may cost. It was 50 ms while these tests ran without optimization,
    /// where it costs a quarter more.</summary>
    private static readonly TimeSpan CpuMax = TimeSpan.FromMilliseconds(40);

    private const int MessageBytes = 256 * 1024;
    private const int Rounds = 3;
    private const int MessagesOfRound = 10; // The kernel counts a thread's time by its ticks.

    public static TheoryData<string> Worst => ["names", "toomany", "fields", "tags", "blanks",
        "lengths", "from", "body", "comments", "line"];

    [Trait("Size", "large")]
    [Theory, MemberData(nameof(Worst))]
    public void The_worst_message_costs_little(string kind)
    {
        byte[] message = Make(kind);
        Assert.InRange(message.Length, MessageBytes / 2, MessageBytes);
        TestDns dns = new TestDns().Add("TXT", "s._domainkey.sign.example", WorstKey);
        Check(message, dns); // Compiles.
        TimeSpan best = TimeSpan.MaxValue;
        for (int i = 0; i < Rounds; i++)
        {
            TimeSpan start = ThreadTime();
            for (int j = 0; j < MessagesOfRound; j++)
            {
                Check(message, dns);
            }

            TimeSpan time = (ThreadTime() - start) / MessagesOfRound;
            best = time < best ? time : best;
        }

        if (Environment.GetEnvironmentVariable("KOPIS_FIGURES") is { } figures)
        {
            File.AppendAllText(
                figures, $"authentication, {kind}: {best.TotalMilliseconds:f1} ms of CPU\n");
        }

        Assert.InRange(best, TimeSpan.Zero, CpuMax);
    }

    [Trait("Size", "large")]
    [Fact]
    public void A_hundred_megabytes_are_checked_and_ten_signed_in_flat_memory()
    {
        byte[] piece = Encoding.ASCII.GetBytes(
            string.Concat(Enumerable.Repeat("a line of  some words\tand more \n", 2048)));
        using DkimVerifier verifier = new();
        using DkimSigner signer = new();
        MessageReader checks = new(verifier);
        MessageReader signs = new(signer);
        byte[] header = DkimTools.Bytes(Signature("relaxed/relaxed", "l=70000000; ")
            + Signature("simple/simple", "") + "From: a@sign.example\n\n");
        checks.Read(header);
        signs.Read(header);
        checks.Read(piece);
        signs.Read(piece);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100 * 1024 * 1024 / piece.Length; i++)
        {
            checks.Read(piece);
            if (i % 10 == 0)
            {
                signs.Read(piece); // A tenth is enough to see whether it grows.
            }
        }

        checks.End();
        signs.End();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    private static string WorstKey { get; } = DkimKeyText.RecordOf(DkimTools.LargeRsa);

    /// <summary>All that a message asks for, on this thread.</summary>
    private static void Check(byte[] message, TestDns dns)
    {
        using DkimVerifier verifier = new();
        MessageReader reader = new(verifier);
        reader.Read(message);
        reader.End();
        IReadOnlyList<DkimCheck> checks = verifier.CheckAsync(
            dns, DkimTools.Now, Ed25519.Verify, default).GetAwaiter().GetResult();
        AuthorDomains author = AuthorDomains.Of(verifier.Header!);
        DmarcChecker.CheckAsync(dns, author, null, checks, default).GetAwaiter().GetResult();
        ForgedResultsFilter filter = new(ForgedResultsFilter.Names(["mx.example"]));
        System.Buffers.ArrayBufferWriter<byte> to = new();
        filter.Read(message, to);
        filter.End(to);
    }

    private static byte[] Make(string kind)
    {
        string signatures = string.Concat(Enumerable.Repeat(Signature("relaxed/relaxed", ""), 8));
        string from = "From: a@sign.example\n";
        int left = MessageBytes - 20_000;
        string text = kind switch // Each the worst of one thing.
        {
            "names" => WithNames(1900) + from + string.Concat(Enumerable.Range(0, 980).Select(
                i => $"x{i % 7}: {new string('y', 180)}\n")),
            "toomany" => WithNames(15_000) + from,
            "fields" => signatures + from + string.Concat(Enumerable.Range(0, 980).Select(
                i => $"x{i % 7}: {new string('y', (left / 980) - 8)}\n")),
            "tags" => "DKIM-Signature: " + string.Concat(Enumerable.Range(0, left / 6).Select(
                i => $"a{i % 1000:d3}=;")) + "\n" + signatures + from,
            "blanks" => string.Concat(Enumerable.Range(0, 8).Select(i => Signature(
                "relaxed/relaxed", "n=" + new string(' ', left / 8) + "; "))) + from,
            "lengths" => string.Concat(Enumerable.Range(0, 8).Select(i => Signature(
                i % 2 == 0 ? "relaxed/relaxed" : "simple/simple", $"l={100_000 + i}; "))) + from
                + "\n" + string.Concat(Enumerable.Repeat(" x", left / 2)),
            "from" => signatures + string.Concat(Enumerable.Range(0, 60).Select(
                i => "From: " + string.Concat(Enumerable.Repeat("(a)<:;>,@", 450)) + "\n")),
            "body" => signatures + from + "\n" + string.Concat(Enumerable.Repeat("\n", left)),
            "comments" => signatures + from + "Authentication-Results: "
                + new string('(', left / 4) + "\n" + string.Concat(Enumerable.Range(0, 700).Select(
                    i => "Authentication-Results: " + new string('(', 200) + "\n")),
            _ => signatures + from + "\n" + new string('x', left),
        };
        return DkimTools.Bytes(text.Length > MessageBytes ? text[..MessageBytes] : text);
    }

    private static string WithNames(int count) => string.Concat(Enumerable.Repeat(
        Signature("relaxed/relaxed", "", string.Concat(Enumerable.Repeat("x1:", count))), 8));

    private static string Signature(string forms, string tag, string names = "") =>
        $"DKIM-Signature: v=1; a=rsa-sha256; c={forms}; {tag}d=sign.example; s=s; "
        + $"h=From:x0:x1:x2:x3:x4:x5:x6:{names}x; "
        + "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; "
        + $"b={Convert.ToBase64String(new byte[512])}\n";

    /// <summary>Of this thread, from the kernel: others may use the processor as well.</summary>
    private static TimeSpan ThreadTime()
    {
        string[] stat = File.ReadAllText("/proc/thread-self/schedstat").Split(' ');
        return TimeSpan.FromTicks(long.Parse(stat[0]) / 100);
    }
}
