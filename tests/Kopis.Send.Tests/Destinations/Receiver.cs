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
    internal const long GreySeconds = 300;
    private const long LessAfter = 300_000;
    private const long DeadFor = 40_000_000;
    private const long DaySeconds = 86_400;

    private readonly Dictionary<string, long> _known = [];
    private readonly List<long> _starts = [];
    private readonly int _takes = random.Next(1, 20);
    private int _told = int.MaxValue; // As qmail-rspawn has said, for a day.
    private long _toldAt = long.MinValue / 2;
    private long _excessAt = long.MinValue;

    internal string Name { get; } = name;

    internal ReceiverKind Kind { get; } = kind;

    internal int Running { get; private set; }

    internal int MostRunning { get; private set; }

    internal int Probes { get; private set; }

    /// <summary>Times that it was given more recipients than it takes, of which nobody knew then:
    /// those under way together are one.</summary>
    internal int Excesses { get; private set; }

    /// <summary>Deliveries with more recipients than it takes.</summary>
    internal int TooFull { get; private set; }

    /// <summary>Limits as control/destinations would have them.</summary>
    internal DestinationLimits Limits => Kind == ReceiverKind.RateLimited
        ? new DestinationLimits(20, 5, Rate, RatePeriod)
        : DestinationLimits.Usual;

    /// <summary>When the first delivery would be answered, and how each recipient is.</summary>
    internal long Start(long now, long born, int recipients = 1)
    {
        Running++;
        if (Kind == ReceiverKind.TakesFew)
        {
            Take(now, born, recipients);
        }

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

    /// <summary>Recipients of one transaction. Later it takes fewer.</summary>
    internal int Takes(long now, long born) => Kind != ReceiverKind.TakesFew ? int.MaxValue
        : now - born < LessAfter ? _takes : Math.Max(1, _takes / 2);

    /// <summary>qmail-rspawn has made several messages of a delivery, and says so.</summary>
    internal DeliveryReport Divided(DeliveryReport report, int takes, long now)
    {
        _told = IsTold(now) ? Math.Min(_told, takes) : takes;
        _toldAt = now;
        return report with
        {
            Detail = report.Detail! with
            {
                Action = ReplyAction.FewerRecipients,
                ActionSeconds = (uint)DaySeconds,
                ActionValue = (ushort)takes,
            },
        };
    }

    private void Take(long now, long born, int recipients)
    {
        Assert.False(
            IsTold(now) && recipients > _told, $"{recipients} for one that takes {_told}");
        if (recipients > Takes(now, born))
        {
            Excesses += _excessAt == long.MinValue || _excessAt < _toldAt ? 1 : 0;
            _excessAt = now;
            TooFull++;
        }
    }

    private bool IsTold(long now) => now - _toldAt < DaySeconds * 1000;

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
