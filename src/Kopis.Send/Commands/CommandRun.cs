using Kopis.Queue.Commands;
using Kopis.Queue.Store.State;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Commands;

/// <summary>A running command. It handles some recipients at a time, so that deliveries go on.
/// </summary>
/// <param name="request">The request.</param>
/// <param name="who">Who made it, for the log.</param>
/// <param name="actions">What commands can do.</param>
/// <param name="output">Gets the answers.</param>
/// <param name="isGuest">Whether the dashboard made it.</param>
internal sealed class CommandRun(
    QueueRequest request, string who, QueueActions actions, CommandOutput output, bool isGuest)
{
    // Recipients and messages handled before reports are read again.
    private const int StepsMax = 1000;
    private const int ReadSteps = 32; // What a message that is read from the disk counts as.

    private readonly QueueSelection _selection = request.Selection;
    private readonly List<int> _rerouted = [];
    private readonly bool[] _isRetried = new bool[2];
    private bool _isBegun;
    private Candidates? _candidates;
    private DestinationRun? _destinations;
    private SummaryRun? _summary;
    private long _progressAt;
    private QueuedMessage? _message;
    private int _next;
    private ulong _matched;
    private bool _isListed;
    private uint _left = request.Selection.Most ?? uint.MaxValue; // Entries left to list.
    private QueueCounts _counts;

    /// <summary>Where the answers go.</summary>
    internal CommandOutput Output => output;

    /// <summary>Whether nothing is left to do. The answer may still wait for the disk.</summary>
    internal bool IsDone => _isBegun && _candidates is not { IsOver: false } && _message is null
        && _destinations is not { IsDone: false } && _summary is not { IsDone: false };

    /// <summary>Whether it can go on now: its caller reads the answers.</summary>
    internal bool MayStep => !IsDone && !output.IsFull;

    /// <summary>Whether it changes something.</summary>
    internal bool Changes => !request.IsDry
        && request.Verb is not (QueueVerb.List or QueueVerb.Destinations or QueueVerb.Summary);

    /// <summary>Whether one record in queue/state holds or releases all recipients of a message.
    /// </summary>
    private bool IsWholeHold => !_selection.HasRecipients
        && request.Verb is QueueVerb.Hold or QueueVerb.Release;

    /// <summary>Handles some messages and recipients.</summary>
    internal void Step(long now)
    {
        if (!_isBegun)
        {
            Start(now);
        }

        if (_candidates is { } candidates)
        {
            if (!candidates.Find())
            {
                TellProgress(now);
                return;
            }

            _counts = _counts with { LookedOf = (ulong)candidates.Count };
        }

        if (_message is not null)
        {
            GoOn(_message);
        }

        for (int steps = StepsMax; steps > 0 && !IsDone && !output.IsFull; steps--)
        {
            if (_summary is { } summary)
            {
                summary.Step(output, actions.Describe);
            }
            else if (_destinations is { } destinations)
            {
                destinations.Step(output, request.IsDry);
                _counts = _counts with { Recipients = destinations.Count };
            }
            else if (_message is null)
            {
                Begin(_candidates!.Next(), now, ref steps);
            }
            else if (_message.IsFinished || _next >= _message.Recipients || _left == 0)
            {
                End(_message, now);
            }
            else
            {
                Visit(_message, _next++, now);
            }
        }
    }

    /// <summary>Writes the last answer, when all changes are durable.</summary>
    internal void Answer()
    {
        _counts.Write(output.Bytes, QueueFrame.End);
        output.IsComplete = true;
        if (Changes)
        {
            string verb = Word;
            actions.Log.Line(
                $"end {verb}: {_counts.Recipients} recipients of {_counts.Messages} messages");
        }
    }

    /// <summary>Called when the caller is gone: ends the message that is being handled, and leaves
    /// the rest.</summary>
    internal void Abandon()
    {
        _message?.EndVisit();
        _message = null;
        (_candidates, _destinations, _summary) = (null, null, null);
        _isBegun = true;
    }

    private void Start(long now)
    {
        _isBegun = true;
        _destinations = request.IsAboutDestinations
            ? actions.Destinations(request, isGuest) : null;
        _summary = request.Verb == QueueVerb.Summary ? actions.Summary(now) : null;
        _candidates = _destinations is null && _summary is null
            ? actions.Candidates(_selection) : null;
        _counts = _counts with { Failed = _destinations is { IsRefused: true } ? 1u : 0 };
        _progressAt = now;
        LogBegin();
    }

    /// <summary>The first recipient of a message that the list shows.</summary>
    private int FirstOf(ulong number) => number == _selection.From
        ? (int)Math.Min(_selection.FromRecipient, int.MaxValue) : 0;

    /// <summary>Counts an entry of the list; a list that is full ends here.</summary>
    private void CountListed()
    {
        if (--_left == 0)
        {
            _candidates = null;
        }
    }

    private string Word => request.Verb.ToString().ToLowerInvariant();

    private void LogBegin()
    {
        if (Changes)
        {
            string verb = Word;
            actions.Log.Line($"command {verb} by {who}");
        }
    }

    private void TellProgress(long now)
    {
        if (now > _progressAt)
        {
            _progressAt = now;
            _counts.Write(output.Bytes, QueueFrame.Progress);
        }
    }

    private void Begin(ulong number, long now, ref int steps)
    {
        _counts = _counts with { Looked = (ulong)_candidates!.Passed };
        TellProgress(now);
        try
        {
            QueuedMessage? message = actions.Queue.Find(number);
            steps -= message is null || actions.Queue.IsOnDisk(message) ? ReadSteps : 0;
            if (message is { IsFinished: false } && _selection.MatchesMessage(
                number, message.Sender, now - message.BornSeconds))
            {
                steps = message.BeginVisit() ? 0 : steps;
                _message = message;
                (_next, _matched, _isListed) = (FirstOf(number), 0, false);
            }
        }
        catch (IOException e)
        {
            Fail(number, e);
        }
    }

    /// <summary>Deliveries went on since the last step: a message that waited on the disk may be in
    /// memory now, or may have ended.</summary>
    private void GoOn(QueuedMessage message)
    {
        QueuedMessage? now = actions.Queue.FindAgain(message);
        if (now == message)
        {
            return;
        }

        message.EndVisit();
        _message = null;
        try
        {
            now?.BeginVisit();
            _message = now;
        }
        catch (IOException e)
        {
            Fail(message.Number, e);
        }

        if (_message is null)
        {
            Count(_matched);
            _rerouted.Clear();
            Array.Clear(_isRetried);
        }
    }

    private void Visit(QueuedMessage message, int recipient, long now)
    {
        if (message.IsDone(recipient))
        {
            return;
        }

        try
        {
            if (_selection.HasRecipients && !IsMeant(message, recipient))
            {
                return;
            }

            Act(message, recipient, now);
        }
        catch (IOException e)
        {
            Fail(message.Number, e);
        }
    }

    private bool IsMeant(QueuedMessage message, int recipient)
    {
        ReadOnlySpan<byte> address = message.Address(recipient).Span;
        return actions.Matches(_selection, address)
            && actions.MatchesDestination(_selection, message, recipient, address);
    }

    private void Act(QueuedMessage message, int recipient, long now)
    {
        bool isRunning = actions.IsRunning(message, recipient);
        if (isRunning && request.Verb != QueueVerb.List)
        {
            _counts = _counts with { Running = _counts.Running + 1 };
        }

        switch (request.Verb)
        {
            case QueueVerb.List:
                ListedRecipient listed = actions.Describe(message, recipient, now);
                if ((_selection.State ?? listed.State) != listed.State)
                {
                    return;
                }

                ListHead(new ListedMessage(
                    message.Number, message.BornSeconds, message.Uid, message.Sender.ToArray()),
                    _isListed);
                _isListed = true;
                listed.Write(output.Bytes);
                CountListed();
                break;
            case QueueVerb.Reroute when request.Via is { } via:
                if (!TryRoute(message, recipient, via, now))
                {
                    return;
                }

                break;
            case QueueVerb.Bounce or QueueVerb.Reroute when isRunning:
                HoldUntilEnd(message, recipient);
                return;
            case QueueVerb.Release or QueueVerb.Retry
                when message.IsHeld(recipient) != (request.Verb == QueueVerb.Release):
                return;
            case QueueVerb.Reroute:
                _rerouted.Add(recipient);
                break;
            case not QueueVerb.List when Changes:
                Change(message, recipient, now);
                break;
        }

        _matched++;
    }

    /// <summary>Gives a recipient the route, unless it is local or has that route already.
    /// </summary>
    private bool TryRoute(QueuedMessage message, int recipient, byte[] via, long now)
    {
        if (message.Channel(recipient) == DeliveryChannel.Local
            || actions.HasRoute(message, recipient, via))
        {
            return false;
        }

        if (Changes && !actions.TryRoute(message, recipient, via, now))
        {
            if (_counts.Failed == 0)
            {
                actions.Log.Line($"warning: not all are rerouted: seven eighths of queuememory "
                    + $"are taken, or there are too many relays");
            }

            _counts = _counts with { Failed = _counts.Failed + 1 };
            return false;
        }

        _isRetried[(int)DeliveryChannel.Remote] = true;
        return true;
    }

    private void Change(QueuedMessage message, int recipient, long now)
    {
        switch (request.Verb)
        {
            case QueueVerb.Hold when !IsWholeHold && !message.IsHeld(recipient):
                actions.Hold(message, recipient);
                break;
            case QueueVerb.Release:
                _isRetried[(int)message.Channel(recipient)] = true;
                if (!IsWholeHold)
                {
                    actions.Release(message, recipient);
                }

                break;
            case QueueVerb.Retry:
                _isRetried[(int)message.Channel(recipient)] = true;
                break;
            case QueueVerb.Bounce:
                actions.Bounce(message, recipient, request.Text, now);
                break;
            case QueueVerb.Remove:
                actions.Remove(message, recipient, now);
                break;
        }
    }

    /// <summary>Holds a recipient whose delivery is running, since that may still succeed. If it is
    /// deferred, it is not tried again, and the command can be repeated.</summary>
    private void HoldUntilEnd(QueuedMessage message, int recipient)
    {
        if (Changes && !message.IsHeld(recipient))
        {
            actions.Hold(message, recipient);
        }
    }

    private void End(QueuedMessage message, long now)
    {
        _message = null;
        message.EndVisit();
        if (Changes && !message.IsFinished)
        {
            EndChange(message, now);
        }

        if (_matched > 0 && Changes)
        {
            string verb = Word;
            actions.Log.Line($"{verb} msg {message.Number}: {_matched} recipients");
        }

        Count(_matched);
        _rerouted.Clear();
        Array.Clear(_isRetried);
    }

    private void EndChange(QueuedMessage message, long now)
    {
        if (IsWholeHold && _matched > 0 && request.Verb == QueueVerb.Hold)
        {
            actions.Hold(message, HeldRecipients.Everyone);
        }
        else if (IsWholeHold && _matched > 0)
        {
            actions.Release(message, HeldRecipients.Everyone);
        }

        // A delivery may have begun while the command went through a long message.
        _rerouted.RemoveAll(one => message.IsDone(one) || actions.IsRunning(message, one));
        if (_rerouted.Count > 0 && !actions.TryReroute(message, _rerouted, request.To!, now))
        {
            _counts = _counts with { Failed = _counts.Failed + (ulong)_rerouted.Count };
            _matched = 0;
        }

        foreach (DeliveryChannel channel in (ReadOnlySpan<DeliveryChannel>)
            [DeliveryChannel.Local, DeliveryChannel.Remote])
        {
            if (_isRetried[(int)channel])
            {
                actions.Retry(message, channel, now);
            }
        }
    }

    private void ListHead(ListedMessage head, bool isListed)
    {
        if (!isListed && request.Verb == QueueVerb.List)
        {
            head.Write(output.Bytes);
        }
    }

    private void Count(ulong matched) => _counts = _counts with
    {
        Messages = _counts.Messages + (matched > 0 ? 1u : 0),
        Recipients = _counts.Recipients + matched,
    };

    private void Fail(ulong number, IOException e)
    {
        _counts = _counts with { Failed = _counts.Failed + 1 };
        actions.Log.Trouble($"warning: trouble with msg {number} in a command", e);
    }
}
