using System.Text;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

/// <summary>A receiver in virtual time, and what it has seen.</summary>
internal sealed class Receiver(string name, ReceiverKind kind, Random random)
{
    internal const int BusyAbove = 3;
    internal const int SteadyMilliseconds = 100;
    internal const int Rate = 30;
    internal const long RatePeriod = 60_000;
    private const long DeadFor = 40_000_000;
    private const long GreySeconds = 300;

    private readonly Dictionary<string, long> _known = [];
    private readonly List<long> _starts = [];

    internal string Name { get; } = name;

    internal ReceiverKind Kind { get; } = kind;

    internal int Running { get; private set; }

    internal int MostRunning { get; private set; }

    internal int Probes { get; private set; }

    /// <summary>Limits as control/destinations would have them.</summary>
    internal DestinationLimits Limits => Kind == ReceiverKind.RateLimited
        ? new DestinationLimits(20, 5, Rate, RatePeriod)
        : DestinationLimits.Usual;

    /// <summary>When the first delivery would be answered, and how each recipient is.</summary>
    internal long Start(long now, long born)
    {
        Running++;
        MostRunning = Math.Max(MostRunning, Running);
        Probes++;
        _starts.Add(now);
        return now + Kind switch
        {
            ReceiverKind.Slow => random.Next(20_000, 60_000),
            ReceiverKind.Dead when now - born < DeadFor => random.Next(100, 60_000),
            ReceiverKind.Silent when now - born < DeadFor => random.Next(600_000, 1_200_000),
            ReceiverKind.Flapping when IsDown(now) => 60_000,
            ReceiverKind.Steady => SteadyMilliseconds,
            _ => random.Next(20, 400),
        };
    }

    /// <summary>The most starts in any period of the rate.</summary>
    internal int MostInPeriod()
    {
        int most = 0;
        int first = 0;
        for (int i = 0; i < _starts.Count; i++)
        {
            while (_starts[i] - _starts[first] >= RatePeriod)
            {
                first++;
            }

            most = Math.Max(most, i - first + 1);
        }

        return most;
    }

    internal void End() => Running--;

    internal DeliveryReport Report(
        string address, long startedAt, long now, long born) => Kind switch
        {
            ReceiverKind.Dead or ReceiverKind.Silent when startedAt - born < DeadFor =>
                Deferral(AttemptStage.Connect, BounceClass.ConnectionFailed, 0),
            ReceiverKind.Flapping when IsDown(startedAt) =>
                Deferral(AttemptStage.Greeting, BounceClass.ConnectionFailed, 0),
            ReceiverKind.BusyAfterFew when Running > BusyAbove =>
                Deferral(AttemptStage.Greeting, BounceClass.RateLimited, 421),
            ReceiverKind.Greylisting when IsGrey(address, now) =>
                Deferral(AttemptStage.Rcpt, BounceClass.Greylisted, 451) with
                {
                    Detail = new AttemptDetail
                    {
                        Stage = AttemptStage.Rcpt,
                        Class = BounceClass.Greylisted,
                        Code = 451,
                        Action = ReplyAction.RetryMessage,
                        ActionSeconds = (uint)GreySeconds,
                    },
                },
            ReceiverKind.Refusing when address.StartsWith('b') => new DeliveryReport(
                0, Verdict.Failed, "550 no\n"u8.ToArray())
            {
                Detail = new AttemptDetail { Stage = AttemptStage.Rcpt, Code = 550 },
            },
            _ => new DeliveryReport(0, Verdict.Delivered, "250 ok\n"u8.ToArray())
            {
                Detail = new AttemptDetail { Stage = AttemptStage.Message, Code = 250 },
            },
        };

    private static bool IsDown(long now) => now / 500_000 % 2 == 1;

    private static DeliveryReport Deferral(
        AttemptStage stage, BounceClass kind, ushort code) => new(
        0, Verdict.Retry, Encoding.ASCII.GetBytes($"{code} later\n"))
        {
            Detail = new AttemptDetail { Stage = stage, Class = kind, Code = code },
        };

    private bool IsGrey(string address, long now)
    {
        _known.TryAdd(address, now);
        return now - _known[address] < GreySeconds * 1000;
    }
}
