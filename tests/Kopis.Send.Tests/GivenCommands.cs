using System.Text;
using Kopis.Queue.Commands;
using Kopis.Send.Commands;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>An administrator's commands at random, and what their answers promise.</summary>
internal sealed class GivenCommands(World world, Random random)
{
    private static readonly QueueVerb[] Verbs =
    [
        QueueVerb.Hold, QueueVerb.Release, QueueVerb.Retry, QueueVerb.Bounce, QueueVerb.Reroute,
        QueueVerb.List,
    ];

    private static readonly string[] Ways = ["", "relay.example:25", "[2001:db8::1]:2525"];

    private readonly HashSet<(ulong, string)> _held = [];
    private readonly Dictionary<(ulong, string), HashSet<string>> _ways = [];
    private readonly HashSet<string> _forAll = [];
    private readonly List<(QueueRequest Request, CommandOutput Output, int Order)> _given = [];
    private CommandQueue? _commands;
    private int _last; // Commands that were given.
    private int _released; // The last of them that releases.
    private int _rerouted;

    /// <summary>qmail-send runs anew: what is not answered is lost, or not.</summary>
    internal void Start(SendCore core)
    {
        _commands = new CommandQueue(core.Actions);
        _given.Clear();
    }

    internal void ReleaseAll() => Give(new QueueRequest(QueueVerb.Release, new QueueSelection()));

    /// <summary>About one message or all, and all recipients or those of a domain.</summary>
    internal void GiveOne()
    {
        StoredMessage[] known = [.. world.Messages.Where(one => !one.IsEnded)];
        if (known.Length == 0)
        {
            return;
        }

        QueueVerb verb = Verbs[random.Next(Verbs.Length)];
        Give(new QueueRequest(verb, new QueueSelection
        {
            Numbers = random.Next(3) == 0 ? [] : [known[random.Next(known.Length)].Number],
            Domain = random.Next(2) == 0 ? null
                : random.Next(2) == 0 ? "l.example"u8.ToArray() : "h0.example"u8.ToArray(),
        })
        {
            Via = verb == QueueVerb.Reroute
                ? Encoding.ASCII.GetBytes(Ways[random.Next(Ways.Length)]) : null,
        });
    }

    internal void Step(long now) => _commands!.Step(now);

    /// <summary>All marks are durable: commands are answered.</summary>
    internal void Settle()
    {
        _commands!.OnMarks(isSettled: true);
        foreach ((QueueRequest request, CommandOutput output, int order) in
            _given.Where(one => one.Output.IsComplete))
        {
            OnAnswer(request, CountsOf(output), order);
        }

        _given.RemoveAll(one => one.Output.IsComplete);
    }

    /// <summary>Whether a delivery may begin, and so.</summary>
    internal void RequireMayStart(Delivery delivery, string address)
    {
        ulong number = delivery.Message.Number;
        Assert.DoesNotContain((number, address), _held);
        string way = Encoding.ASCII.GetString(delivery.Route ?? []);
        Assert.Contains(way, WaysOf(number, address));
    }

    private void Give(QueueRequest request)
    {
        CommandOutput output = new();
        _commands!.Add(request, "test", output);
        _given.Add((request, output, ++_last));
        if (request.Verb == QueueVerb.Release)
        {
            _held.Clear();
            _released = _last;
        }
        else if (request.Via is { } via)
        {
            _rerouted = _last;
            if (request.Selection.Numbers.Count == 0)
            {
                _forAll.Add(Encoding.ASCII.GetString(via)); // Of messages that come, too.
            }

            foreach ((ulong number, string address) in MeantBy(request))
            {
                WaysOf(number, address).Add(Encoding.ASCII.GetString(via));
            }
        }
    }

    /// <summary>It holds from now on, where qmail-send knew the message, and no other command was
    /// given since that says otherwise.</summary>
    private void OnAnswer(QueueRequest request, QueueCounts counts, int order)
    {
        if (request.Selection.Numbers.Count == 0 || counts is not { Recipients: > 0, Failed: 0 })
        {
            return;
        }

        foreach ((ulong number, string address) in MeantBy(request))
        {
            if (request.Verb == QueueVerb.Hold && order > _released)
            {
                _held.Add((number, address));
            }
            else if (request.Via is { } via && order == _rerouted)
            {
                WaysOf(number, address).Clear();
                WaysOf(number, address).Add(Encoding.ASCII.GetString(via));
            }
        }
    }

    private IEnumerable<(ulong Number, string Address)> MeantBy(QueueRequest request) =>
        from message in world.Messages
        where request.Selection.Numbers.Count == 0
            || request.Selection.Numbers.Contains(message.Number)
        from address in message.Recipients
        where request.Selection.MatchesRecipient(Encoding.ASCII.GetBytes(address))
            && (request.Via is null || !address.EndsWith("@l.example", StringComparison.Ordinal))
        select (message.Number, address);

    private HashSet<string> WaysOf(ulong number, string address)
    {
        if (!_ways.TryGetValue((number, address), out HashSet<string>? ways))
        {
            _ways.Add((number, address), ways = ["", .. _forAll]);
        }

        return ways;
    }

    private static QueueCounts CountsOf(CommandOutput output)
    {
        ReadOnlySpan<byte> answer = output.Bytes.WrittenSpan;
        while (answer[sizeof(uint)] != QueueFrame.End)
        {
            answer = answer[QueueFrame.LengthOf(answer, QueueFrame.AnswerBytesMax)..];
        }

        return QueueCounts.Parse(answer[QueueFrame.HeadBytes..])!.Value;
    }
}
