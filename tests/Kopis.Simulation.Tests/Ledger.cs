using System.Text;
using Kopis.Mail.Dsn;
using Kopis.Queue.Commands;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Messages;

namespace Kopis.Simulation.Tests;

/// <summary>
/// Knows what was accepted, what was delivered and what qmail-send was told, whatever the programs
/// under test believe, and says so when a promise is broken.
/// </summary>
internal sealed class Ledger(Random random, SimulatedClock clock, ProcessFiles eye)
{
    internal const long LifetimeSeconds = 3000;

    private static readonly NotifyOn[] Wishes =
    [
        NotifyOn.Unsaid, NotifyOn.Never, NotifyOn.Failure, NotifyOn.Success,
        NotifyOn.Failure | NotifyOn.Delay, NotifyOn.Success | NotifyOn.Failure | NotifyOn.Delay,
    ];

    private readonly SortedDictionary<int, Mail> _mails = [];
    private readonly Dictionary<ulong, int> _numbers = [];
    private readonly Dictionary<string, (Mail Mail, string Address)> _deliveries = [];
    private readonly MaildirCheck _maildir = new(eye);

    internal IReadOnlyCollection<Mail> Mails => _mails.Values;

    internal int Accepted => _mails.Values.Count(mail => mail.IsAccepted);

    /// <summary>Copies of one message to one address beyond the first.</summary>
    internal int Duplicates => _maildir.Duplicates
        + _mails.Values.Sum(mail => mail.TakenRemotely.Values.Sum(count => count - 1));

    /// <summary>Commands that were answered, and changed something.</summary>
    internal int Commands { get; private set; }

    internal bool HasSetAside { get; private set; }

    internal List<string> Log { get; } = [];

    internal bool IsAllAccounted =>
        _mails.Values.All(mail => !mail.IsAccepted || IsAccounted(mail));

    internal Mail NewMail()
    {
        string[] recipients = [.. Enumerable.Range(0, random.Next(1, 4)).Select(i =>
            random.Next(5) switch
            {
                0 => $"x{i}@h{random.Next(2)}.example",
                1 => $"bad{i}@l.example",
                2 => $"r-{i}@l.example", // Extensions of one user: some wait for room.
                _ => $"r{i}@l.example",
            })];
        string sender = random.Next(6) == 0 ? "" : "sender@l.example";
        int bytes = random.Next(10) == 0 ? random.Next(20_000) : random.Next(1000);
        string text = new((char)('a' + random.Next(26)), bytes);
        bool isPlain = random.Next(3) > 0;
        return isPlain
            ? Add(sender, recipients, original: 0, text)
            : Add(sender, recipients, original: 0, text, Said(), recipients.ToDictionary(
                address => address, SaidOf));
    }

    /// <summary>What qmail-send hands to the queue: a bounce, which tells whose it is.</summary>
    internal Mail NewBounce(byte[] content, byte[] envelope)
    {
        Envelope parsed = new(envelope);
        string text = Encoding.Latin1.GetString(content);
        string recipient = Encoding.Latin1.GetString(parsed.Recipients.Single().Span);
        string sender = Encoding.Latin1.GetString(parsed.Sender.Span);
        _ = MessageParameters.TryParse(parsed.Parameters.Span, out MessageParameters said);
        return Add(sender, [recipient], IdIn(text), text, said);
    }

    /// <summary>The queue's answer 0 has reached the client.</summary>
    internal void Accept(Mail mail, ulong number)
    {
        mail.Number = number;
        Know(number, mail.Id);
        if (mail.Original != 0)
        {
            Mail original = _mails[mail.Original];
            string text = Encoding.Latin1.GetString(mail.Content);

            // In its own header: a bounce of a notice has that one's further down.
            string header = text[..text.IndexOf("\n\n", StringComparison.Ordinal)] + '\n';
            NotifyOn what = header.Contains("\nSubject: delivery notice\n") ? NotifyOn.Success
                : header.Contains("\nSubject: delay notice\n") ? NotifyOn.Delay
                : NotifyOn.Failure;
            foreach (string address in
                original.Recipients.Where(address => text.Contains($"<{address}>:\n")))
            {
                Require(original.WantsToHear(address, what),
                    $"{original.Id} to {address}: a notice of {what} that nobody wants");
                if (what == NotifyOn.Failure)
                {
                    original.Bounced.Add(address);
                }
            }
        }
    }

    /// <summary>A remote host is told what the client said, whatever happened since.</summary>
    internal static void RequireParameters(Mail mail, DeliveryCommand command, int index)
    {
        byte[] recipient = command.RecipientParameters.ElementAtOrDefault(index) ?? [];
        string address = Encoding.Latin1.GetString(command.Recipients[index]);
        Require(
            command.Parameters.AsSpan().SequenceEqual(mail.Said.ToBytes())
                && recipient.AsSpan().SequenceEqual(mail.ParametersOf(address).ToBytes()),
            $"{mail.Id} to {address} has lost its parameters");
    }

    internal Mail Read(byte[] content) => _mails.TryGetValue(
        IdIn(Encoding.Latin1.GetString(content)), out Mail? mail)
            && content.AsSpan().SequenceEqual(mail.Content)
                ? mail
                : throw new BrokenPromiseException("a message is not what was queued");

    internal void TakeLog(ReadOnlyMemory<byte> lines)
    {
        foreach (string line in Encoding.Latin1.GetString(lines.Span).TrimEnd('\n').Split('\n'))
        {
            Log.Add($"{clock.Passed.TotalSeconds:f6} {line}");
            HandleLine(line);
        }
    }

    /// <summary>qmail-send waits: what it was told is as safe as it says.</summary>
    internal void SendWaits(bool isWritten, bool isDurable)
    {
        foreach (Mail mail in _mails.Values)
        {
            if (isWritten)
            {
                mail.MarkedWritten.UnionWith(mail.Reported);
            }

            if (isWritten && isDurable)
            {
                mail.MarkedDurably.UnionWith(mail.Reported);
            }
        }
    }

    /// <summary>qmail-send is gone.</summary>
    internal void SendDied()
    {
        _deliveries.Clear();
        foreach (Mail mail in _mails.Values)
        {
            mail.InFlight.Clear();
            mail.Reported.IntersectWith(mail.MarkedWritten);
        }
    }

    internal void PowerCut()
    {
        foreach (Mail mail in _mails.Values)
        {
            mail.MarkedWritten.IntersectWith(mail.MarkedDurably);
            mail.Reported.IntersectWith(mail.MarkedDurably);
        }
    }

    /// <summary>An administrator gives a command.</summary>
    /// <returns>How many releases were asked for by then.</returns>
    internal static int Ask(QueueVerb verb, Mail mail, IReadOnlyList<string> addresses)
    {
        foreach (string address in addresses)
        {
            if (verb == QueueVerb.Remove)
            {
                mail.MayBeRemoved.Add(address);
            }
            else if (verb == QueueVerb.Bounce)
            {
                mail.Fail(address);
            }
            else if (verb == QueueVerb.Release)
            {
                mail.Held.Clear();
                mail.Releases++;
            }
        }

        return mail.Releases;
    }

    /// <summary>The command is answered: no crash takes it back. A release that another has asked
    /// for meanwhile may.</summary>
    internal void Answer(
        QueueVerb verb, Mail mail, IReadOnlyList<string> addresses, QueueCounts counts,
        int releases)
    {
        bool isWhole = counts.Recipients > 0 && counts.Failed == 0
            && (verb != QueueVerb.Bounce || counts.Running == 0);
        if (isWhole && verb is QueueVerb.Remove or QueueVerb.Bounce)
        {
            mail.Stopped.UnionWith(addresses);
        }
        else if (isWhole && verb == QueueVerb.Hold && releases == mail.Releases)
        {
            mail.Held.UnionWith(addresses);
        }

        Commands += isWhole ? 1 : 0;
    }

    /// <summary>Invariants 1 and 2, and what Maildirs promise, as the disk is now.</summary>
    internal void Check()
    {
        _maildir.Look(this);
        foreach (Mail mail in _mails.Values)
        {
            foreach (string address in mail.Delivered)
            {
                Require(_maildir.Copies(mail.Id, address) > 0,
                    $"{mail.Id} to {address} was delivered and is gone");
            }

            if (mail.IsAccepted && !IsAccounted(mail))
            {
                RequireStored(mail);
            }
        }
    }

    internal static void Require(bool holds, string promise)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(promise);
        }
    }

    private MessageParameters Said() => new()
    {
        Body = (BodyKind)random.Next(2),
        Return = (ReturnContent)random.Next(3),
        EnvelopeId = random.Next(2) == 0 ? null : "id+3Dx"u8.ToArray(),
        RequireTls = random.Next(5) == 0,
    };

    private RecipientParameters SaidOf(string address) => new()
    {
        Notify = Wishes[random.Next(Wishes.Length)],
        OriginalRecipient =
            random.Next(2) == 0 ? null : Encoding.Latin1.GetBytes($"rfc822;{address}"),
    };

    private Mail Add(
        string sender, string[] recipients, int original, string text,
        MessageParameters said = default,
        IReadOnlyDictionary<string, RecipientParameters>? saidOf = null)
    {
        int id = _mails.Count + 1;
        byte[] content = Encoding.Latin1.GetBytes($"Received: (sim {id})\n{text}\n");
        Mail mail = new(
            id, sender, recipients, content, clock.GetUtcNow().ToUnixTimeSeconds())
        {
            Original = original,
            Said = said,
            SaidOf = saidOf ?? new Dictionary<string, RecipientParameters>(),
        };
        _mails.Add(id, mail);
        return mail;
    }

    // Invariant 2: it may leave the queue.
    private bool IsAccounted(Mail mail)
    {
        bool isOld = clock.GetUtcNow().ToUnixTimeSeconds() - mail.Born > LifetimeSeconds;
        return (isOld && mail.Sender == "#@[]")
            || mail.Recipients.All(address => mail.IsAccounted(address)
                || (isOld && !mail.WantsToHear(address, NotifyOn.Failure)));
    }

    private void RequireStored(Mail mail)
    {
        try
        {
            using MessageFile file = MessageFile.Open(eye, Machine.Mess, mail.Number);
            byte[] body = new byte[file.BodyBytes];
            file.ReadBody(0, body);
            Require(body.AsSpan().SequenceEqual(mail.Content), $"{mail.Id} is changed");
        }
        catch (MessageNotFoundException e)
        {
            throw new BrokenPromiseException(
                $"{mail.Id} was accepted and is lost for {Missing(mail)}: {e.Message}");
        }
    }

    private static string Missing(Mail mail) =>
        string.Join(' ', mail.Recipients.Where(address => !mail.IsAccounted(address)));

    private void HandleLine(string line)
    {
        string[] words = line.Split(' ');
        switch (words)
        {
            case ["new", "msg", var number]:
                Find(ulong.Parse(number));
                break;
            case ["starting", "delivery", var delivery, "msg", var number, "to", _, var address]:
                Order(delivery, Find(ulong.Parse(number)), address);
                break;
            case ["delivery", var delivery, "success:" or "failure:", ..]:
                (Mail told, string to) = Finish(delivery);
                told.Reported.Add(to);
                break;
            case ["delivery", var delivery, ..]:
                Finish(delivery);
                break;
            case ["triple", "bounce:", "discarding", var file]:
                _mails[_numbers[ulong.Parse(file.Split('/')[1])]].IsDiscarded = true;
                break;
            case ["end", "msg", var number]:
                Mail mail = _mails[_numbers[ulong.Parse(number)]];
                Require(IsAccounted(mail), $"{mail.Id} ended early: {Missing(mail)}");
                break;
            case ["warning:", "msg", _, "is", "set", "aside:", ..]:
                HasSetAside = true;
                break;
            default:
                Require(!line.Contains("queue/state is damaged"), line);
                break;
        }
    }

    private void Order(string delivery, Mail? mail, string address)
    {
        if (mail is null)
        {
            return;
        }

        Require(!mail.MarkedWritten.Contains(address),
            $"{mail.Id} to {address} is done and is done again");
        Require(!mail.Stopped.Contains(address) && !mail.Held.Contains(address),
            $"{mail.Id} to {address} begins although a command was answered");
        // One address may stand twice in one envelope: then it is delivered twice.
        bool isNew = mail.InFlight.Add(address);
        Require(isNew || mail.Recipients.Count(r => r == address) > 1,
            $"{mail.Id} to {address} is under way twice");
        _deliveries.Add(delivery, (mail, address));
    }

    private (Mail Mail, string Address) Finish(string delivery)
    {
        bool isKnown = _deliveries.Remove(delivery, out (Mail Mail, string Address) known);
        Require(isKnown, $"delivery {delivery} ends and never began");
        known.Mail.InFlight.Remove(known.Address);
        return known;
    }

    /// <summary>The mail of a number; null where the record went before we looked.</summary>
    private Mail? Find(ulong number)
    {
        try
        {
            using MessageFile file = MessageFile.Open(eye, Machine.Mess, number);
            byte[] body = new byte[file.BodyBytes];
            file.ReadBody(0, body);
            Know(number, Read(body).Id);
        }
        catch (MessageNotFoundException)
        {
            // It ended within one turn, or was read before a damage was done to it.
        }

        return _numbers.TryGetValue(number, out int id) ? _mails[id] : null;
    }

    private void Know(ulong number, int id)
    {
        Require(_numbers.TryAdd(number, id) || _numbers[number] == id,
            $"number {number} is given twice: to {_numbers[number]} and to {id}");
    }

    private static int IdIn(string text)
    {
        const string mark = "Received: (sim ";
        int at = text.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? 0 : int.Parse(text[(at + mark.Length)..text.IndexOf(')', at)]);
    }
}
