using Kopis.Control;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>
/// The queue as qmail-send sees it: reads messages in, counts what is left in each segment, says
/// what qmail-clean may remove.
/// </summary>
internal sealed class QueueState : IDisposable
{
    private const int MessagesAtOnce = 64; // Between two looks at reports and signals.

    private readonly string _mess;
    private readonly StateLog _log;
    private readonly Scheduler _scheduler;
    private readonly AddressMap _addresses;
    private readonly Bouncer _bouncer;
    private readonly SendLog _lines;
    private readonly SortedDictionary<ulong, int> _left = [];
    private readonly Dictionary<ulong, SavedMessage> _saved;
    private readonly MessageScanner _scanner;

    internal QueueState(
        string home, StateLog log, Scheduler scheduler, AddressMap addresses, Bouncer bouncer,
        SendLog lines)
    {
        _mess = Path.Combine(home, "queue", "mess");
        (_log, _scheduler, _addresses, _bouncer, _lines) =
            (log, scheduler, addresses, bouncer, lines);
        _saved = log.Load();
        if (log.Damage is { } damage)
        {
            lines.Line($"alert: {damage}");
        }

        _scanner = new MessageScanner(_mess, log.Position);
        foreach (ulong segment in MessStore.Segments(_mess))
        {
            _left[segment] = 0;
        }
    }

    /// <summary>
    /// Takes the messages before the position back, then writes the state anew: what comes after
    /// is read by <see cref="ReadNew"/>.
    /// </summary>
    internal void Recover()
    {
        foreach ((ulong number, SavedMessage saved) in _saved)
        {
            if (saved.IsLive && !saved.IsEnded && IsBefore(number, _scanner.Position))
            {
                Reopen(number);
            }
        }

        while (ReadNew(isRecovery: true))
        {
            // Until there is nothing more; clients may well be adding meanwhile.
        }

        _saved.Clear();
        _log.Compact(_scanner.Position, _scheduler.Messages);
    }

    /// <summary>Reads some messages that came since.</summary>
    /// <returns>Whether there may be more at once.</returns>
    internal bool ReadNew(bool isRecovery = false)
    {
        for (int i = 0; i < MessagesAtOnce; i++)
        {
            ScanResult result = _scanner.Next();
            if (result == ScanResult.End)
            {
                return false;
            }

            if (result == ScanResult.Damaged)
            {
                _lines.Line($"warning: damaged record set aside: {_scanner.Damage}");
                continue;
            }

            using MessageFile file = _scanner.Current!;
            Take(file, isRecovery ? _saved.GetValueOrDefault(file.Number) : null);
        }

        return true;
    }

    /// <summary>The message is finished: its End record is durable.</summary>
    internal void Forget(QueuedMessage message, CleanPipe clean)
    {
        _scheduler.Remove(message);
        if (message.HasOwnFile)
        {
            clean.Ask($"foop/{message.Number}");
        }

        _left[MessageNumber.Segment(message.Number)]--;
        RemoveEmptySegments(clean);
    }

    /// <summary>Asks for the removal of segments in which nothing is left.</summary>
    internal void RemoveEmptySegments(CleanPipe clean)
    {
        while (_left.Count > 0)
        {
            // The one that is being read may still grow.
            ulong? empty = null;
            foreach ((ulong segment, int left) in _left)
            {
                if (segment < _scanner.Position.Segment && left == 0)
                {
                    empty = segment;
                    break;
                }
            }

            if (empty is not { } found)
            {
                return;
            }

            clean.Ask($"segm/{found}");
            _left.Remove(found);
        }
    }

    /// <summary>Writes the state anew where it has grown enough, or at the end.</summary>
    internal void CompactIf(bool always)
    {
        if (always || _log.ShouldCompact)
        {
            _log.Compact(_scanner.Position, _scheduler.Messages);
        }
    }

    public void Dispose() => _scanner.Dispose();

    private static bool IsBefore(ulong number, ScanPosition position) =>
        number < MessageNumber.Of(position.Segment, position.Offset);

    private void Reopen(ulong number)
    {
        try
        {
            using MessageFile file = MessageFile.Open(_mess, number);
            Take(file, _saved[number]);
        }
        catch (MessageNotFoundException e)
        {
            _lines.Line($"warning: set aside: {e.Message}");
        }
    }

    private void Take(MessageFile file, SavedMessage? saved)
    {
        ulong segment = MessageNumber.Segment(file.Number);
        _left.TryAdd(segment, 0);
        if (saved is { IsEnded: true })
        {
            return;
        }

        if (saved is null)
        {
            _lines.Line($"new msg {file.Number}");
            _lines.Info(file.Number, file.BodyBytes, file.Envelope.Sender.Span, file.Qp, file.Uid);
        }

        QueuedMessage message = ToMessage(file);
        foreach (int index in saved?.Done ?? [])
        {
            if (index < message.Recipients)
            {
                message.SetState(index, RecipientState.Done);
            }
        }

        message.SetDue(DeliveryChannel.Local, saved?.LocalDue ?? 0);
        message.SetDue(DeliveryChannel.Remote, saved?.RemoteDue ?? 0);
        message.HasBounce = saved is not null && _bouncer.Exists(file.Number);
        _left[segment]++;
        _scheduler.Add(message);
    }

    private QueuedMessage ToMessage(MessageFile file)
    {
        List<(byte[], DeliveryChannel)> recipients = [];
        foreach (ReadOnlyMemory<byte> recipient in file.Envelope.Recipients)
        {
            byte[] address = _addresses.Route(recipient.Span, out bool isLocal);
            recipients.Add(
                (address, isLocal ? DeliveryChannel.Local : DeliveryChannel.Remote));
        }

        return new QueuedMessage(
            file.Number, file.Arrived.ToUnixTimeSeconds(), file.Envelope.Sender.ToArray(),
            recipients)
        {
            HasOwnFile = file.HasOwnFile,
        };
    }
}
