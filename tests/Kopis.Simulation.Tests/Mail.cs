using System.Text;
using Kopis.Mail.Dsn;
using Kopis.Queue.Store.Messages;

namespace Kopis.Simulation.Tests;

/// <summary>A message that was offered to the queue, and what truly became of it.</summary>
internal sealed class Mail(int id, string sender, string[] recipients, byte[] content, long born)
{
    internal int Id { get; } = id;

    internal string Sender { get; } = sender;

    internal IReadOnlyList<string> Recipients { get; } = recipients;

    /// <summary>What its client said in MAIL.</summary>
    internal MessageParameters Said { get; init; }

    /// <summary>And in RCPT, of those of whom it said something.</summary>
    internal IReadOnlyDictionary<string, RecipientParameters> SaidOf { get; init; } =
        new Dictionary<string, RecipientParameters>();

    /// <summary>With the line that stands for the queue's Received line.</summary>
    internal byte[] Content { get; } = content;

    internal long Born { get; } = born;

    /// <summary>Its number, once it was answered 250; else 0.</summary>
    internal ulong Number { get; set; }

    internal bool IsAccepted => Number != 0;

    /// <summary>For a bounce, the message that it returns; else 0.</summary>
    internal int Original { get; init; }

    /// <summary>Its own bounce had nobody to go to.</summary>
    internal bool IsDiscarded { get; set; }

    /// <summary>Local addresses whose delivery ended as a success.</summary>
    internal HashSet<string> Delivered { get; } = [];

    /// <summary>How often a remote host took it.</summary>
    internal Dictionary<string, int> TakenRemotely { get; } = [];

    /// <summary>Addresses that stand in a bounce that is durable.</summary>
    internal HashSet<string> Bounced { get; } = [];

    /// <summary>Addresses that failed, whose sender did not want to hear of that. The log may not
    /// say so: qmail-send may be killed when it has the mark, and the line not yet.</summary>
    internal HashSet<string> GivenUp { get; } = [];

    /// <summary>Addresses that a command was to remove, whether or not it was answered.</summary>
    internal HashSet<string> MayBeRemoved { get; } = [];

    /// <summary>Addresses of which a command's answer says that no delivery begins any more.
    /// </summary>
    internal HashSet<string> Stopped { get; } = [];

    /// <summary>The same until a release.</summary>
    internal HashSet<string> Held { get; } = [];

    /// <summary>Releases that were asked for.</summary>
    internal int Releases { get; set; }

    /// <summary>Addresses of whose end qmail-send was told.</summary>
    internal HashSet<string> Reported { get; } = [];

    /// <summary>Of these, those whose mark a new qmail-send must find.</summary>
    internal HashSet<string> MarkedWritten { get; } = [];

    /// <summary>Of these, those whose mark a power cut must not take.</summary>
    internal HashSet<string> MarkedDurably { get; } = [];

    /// <summary>Deliveries of it that qmail-send has under way.</summary>
    internal HashSet<string> InFlight { get; } = [];

    /// <summary>By which relays each address may go now, and might since its last delivery ended;
    /// empty: the usual way. A command that is not answered may yet be lost.</summary>
    private readonly Dictionary<string, (HashSet<string> Now, HashSet<string> Since)> _ways = [];

    private int _wayCommands;

    /// <summary>A command is to send addresses by a relay.</summary>
    /// <returns>Its number, for <see cref="AnswerWay"/>.</returns>
    internal int AskWay(IReadOnlyList<string> addresses, string via)
    {
        foreach (string address in addresses)
        {
            WaysOf(address).Now.Add(via);
            WaysOf(address).Since.Add(via);
        }

        return ++_wayCommands;
    }

    /// <summary>It is answered, and no other was given since: no crash takes it back.</summary>
    internal void AnswerWay(IReadOnlyList<string> addresses, string via, int command)
    {
        foreach (string address in command == _wayCommands ? addresses : [])
        {
            WaysOf(address).Now.Clear();
            WaysOf(address).Now.Add(via);
        }
    }

    /// <summary>Whether a delivery may go so.</summary>
    internal bool MayGo(string address, string via) => WaysOf(address).Since.Contains(via);

    /// <summary>Its delivery ends: the next order is made after this.</summary>
    internal void EndWay(string address)
    {
        (HashSet<string> now, HashSet<string> since) = WaysOf(address);
        since.Clear();
        since.UnionWith(now);
    }

    private (HashSet<string> Now, HashSet<string> Since) WaysOf(string address)
    {
        if (!_ways.TryGetValue(address, out var ways))
        {
            _ways.Add(address, ways = ([""], [""]));
        }

        return ways;
    }

    internal byte[] Envelope() => Kopis.Queue.Store.Messages.Envelope.Format(
        Encoding.Latin1.GetBytes(Sender), Said,
        Recipients.Select(recipient => new EnvelopeRecipient(
            Encoding.Latin1.GetBytes(recipient), ParametersOf(recipient).ToBytes())));

    internal RecipientParameters ParametersOf(string address) =>
        SaidOf.GetValueOrDefault(address);

    /// <summary>A spawner says that the address failed for good.</summary>
    internal void Fail(string address)
    {
        if (!WantsToHear(address, NotifyOn.Failure))
        {
            GivenUp.Add(address);
        }
    }

    internal bool WantsToHear(string address, NotifyOn what) => ParametersOf(address).Wants(what);

    internal bool IsAccounted(string address) =>
        IsDiscarded || Delivered.Contains(address) || Bounced.Contains(address)
        || MayBeRemoved.Contains(address)
        || TakenRemotely.ContainsKey(address) || GivenUp.Contains(address);
}
