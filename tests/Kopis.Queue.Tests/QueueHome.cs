using System.Text;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Tests;

/// <summary>A qmail home of its own with an empty queue, removed afterwards.</summary>
internal sealed class QueueHome : IDisposable
{
    internal QueueHome()
    {
        Path = Directory.CreateTempSubdirectory("kopis-queue-").FullName;
        Directory.CreateDirectory(System.IO.Path.Combine(Path, "queue", "mess", "incoming"));
        Directory.CreateDirectory(System.IO.Path.Combine(Path, "queue", "lock"));
    }

    internal string Path { get; }

    internal string Mess => System.IO.Path.Combine(Path, "queue", "mess");

    internal string Trigger => System.IO.Path.Combine(Path, "queue", "lock", "trigger");

    /// <summary>All sound messages as "sender>recipients:body", and what was damaged.</summary>
    internal (List<string> Messages, List<string> Damage) Scan()
    {
        List<string> messages = [];
        List<string> damage = [];
        using MessageScanner scanner = new(Mess, ScanPosition.Start);
        for (ScanResult got; (got = scanner.Next()) != ScanResult.End;)
        {
            if (got == ScanResult.Damaged)
            {
                damage.Add(scanner.Damage);
                continue;
            }

            using MessageFile file = scanner.Current!;
            messages.Add(Describe(file));
        }

        return (messages, damage);
    }

    internal List<string> Messages()
    {
        (List<string> messages, List<string> damage) = Scan();
        Assert.Empty(damage);
        return messages;
    }

    /// <summary>Files below queue/mess that are no segments.</summary>
    internal List<string> OtherFiles() =>
        [.. Directory.EnumerateFiles(Mess, "*", SearchOption.AllDirectories)
            .Where(path => !System.IO.Path.GetFileName(path).StartsWith(
                "seg-", StringComparison.Ordinal))];

    internal static string Describe(MessageFile file)
    {
        byte[] body = new byte[file.BodyBytes];
        Assert.Equal(body.Length, file.ReadBody(0, body));
        IEnumerable<string> recipients = file.Envelope.Recipients.Select(
            recipient => Encoding.Latin1.GetString(recipient.Span));
        return $"{Encoding.Latin1.GetString(file.Envelope.Sender.Span)}>"
            + $"{string.Join(',', recipients)}:{Encoding.Latin1.GetString(body)}";
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
