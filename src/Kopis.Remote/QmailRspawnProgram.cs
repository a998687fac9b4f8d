using System.Runtime.InteropServices;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Authentication.Srs;
using Kopis.Mail.Dsn;
using Kopis.Net;
using Kopis.Net.Dkim;
using Kopis.Net.Dns;
using Kopis.Posix;
using Kopis.Queue.QmailFormat;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Messages;

namespace Kopis.Remote;

/// <summary><c>qmail-rspawn</c>: reads qmail-send's orders on fd 0, runs each as an asynchronous
/// session in this process, and writes reports to fd 1 in any order (contract §7.1, §8.1). With
/// <c>--wide</c> it uses frames, runs thousands of deliveries at once, and answers which
/// destination the mail of a domain has (docs/SENDING.md).</summary>
public sealed class QmailRspawnProgram : IDisposable
{
    private const int OwnDescriptors = 128; // Control files, DNS, what the runtime opens.
    private const int DescriptorsEach = 2; // A socket, and the message's file.
    private const int QuestionsMax = 4096; // qmail-send has 1,000 at once.

    private readonly QueuedBodies _bodies;
    private readonly MessageSigner _signer;
    private readonly ForwardedSenders _senders;
    private readonly Reloading<RemoteDelivery> _delivery;
    private readonly ForeignRemote? _foreign;
    private readonly OrderPipe _pipe;
    private readonly LinkPool _pool;
    private readonly bool[] _busy;
    private readonly CountdownEvent _running = new(1);
    private readonly LogThrottle _faults = new(ErrorLog.Write, TimeProvider.System);
    private int _questions;

    private QmailRspawnProgram(ProgramContext context)
    {
        bool isWide = context.Arguments is [[.. var option]] && option.AsSpan().SequenceEqual(
            "--wide"u8);
        int slots = isWide ? SlotsOf(DescriptorLimit.Raise()) : OrderPipe.NarrowSlots;
        _busy = new bool[slots];
        _pipe = new OrderPipe(isWide, slots);
        _pool = new LinkPool(TimeProvider.System, Math.Max(LinkPool.IdleLeast, slots / 4))
        {
            KeepsDefaults = isWide,
        };
        _bodies = new QueuedBodies(context.In("queue/mess"));
        _signer = new MessageSigner(
            new DkimKeyDirectory(context.In("dkim"), TimeProvider.System, Warn),
            TimeProvider.System);
        ControlDirectory control = ControlDirectory.Of(context);
        _senders = new ForwardedSenders(control, TimeProvider.System, Warn);
        ConnectMemory memory = new(TimeProvider.System, new TimeoutFile(context.Home));
        LoginPauses pauses = new(TimeProvider.System, Warn);
        TlsServices tls = new(context.Home, Warn, TimeProvider.System);
        _delivery = new Reloading<RemoteDelivery>(
            [
                .. control.Watched([.. RemoteSettings.Files, HostFiles.Resolvers]),
                .. PrivateDirectory.Beside(control).Watched,
            ],
            () => Load(control, memory, pauses, tls, _pool),
            TimeProvider.System);
        if (context.Environment["QMAILREMOTE"] is { Length: > 0 } word)
        {
            _foreign = new ForeignRemote(word, context.Environment);
        }
    }

    /// <summary>Runs until its input has ended and all deliveries are done.</summary>
    public static int Run(ProgramContext context)
    {
        Lifeline.Watch(context);
        SocketThreads.ServeInline();
        using QmailRspawnProgram program = new(context);
        return program.Serve();
    }

    /// <inheritdoc/>
    public void Dispose() => _running.Dispose();

    private static RemoteDelivery Load(
        ControlDirectory control, ConnectMemory memory, LoginPauses pauses, TlsServices tls,
        LinkPool pool)
    {
        RemoteSettings settings = RemoteSettings.Read(control);
        MailDns dns = MailDns.ReadSigned(control, tls.SayOnce);
        foreach (string fault in settings.Faults.Concat(dns.Faults))
        {
            Warn(fault);
        }

        return new RemoteDelivery(
            settings, dns, memory, pauses, TimeProvider.System, tls.For(settings, dns), pool);
    }

    /// <summary>How many deliveries may run at once; a quarter as many connections may be idle
    /// besides.</summary>
    private static int SlotsOf(int descriptors)
    {
        int slots = (descriptors - OwnDescriptors - LinkPool.IdleLeast) * 4
            / ((4 * DescriptorsEach) + 1);
        return Math.Clamp(slots, 1, WideFrames.SlotsMax);
    }

    private static void Warn(string fault) =>
        ErrorLog.Write($"qmail-rspawn: warning: {fault}");

    private int Serve()
    {
        _pipe.Greet();
        List<WideOrder> orderList = [];
        List<WideQuestion> questions = [];
        byte[] block = new byte[16 * 1024];
        int got;
        bool isSound = true;
        Watchdog orders = new("qmail-rspawn");
        SocketWatch sessions = new("qmail-rspawn", goesOn: () => _running.CurrentCount > 1);
        while (isSound && (got = Fd.Read(0, block)) > 0)
        {
            orders.Begin();
            sessions.Touch();
            isSound = _pipe.TryRead(block.AsSpan(0, got), orderList, questions);
            Start(questions);
            foreach (WideOrder order in orderList)
            {
                Start(order);
            }

            questions.Clear();
            orderList.Clear();
            orders.End();
        }

        _running.Signal();
        _running.Wait();
        _pool.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return ExitCode.Success;
    }

    private void Start(WideOrder order)
    {
        Outcome? refused = order.Slot >= _busy.Length || _busy[order.Slot]
            ? Outcome.Retry("Internal error: slot in use or out of range. (#4.3.5)\n")
            : order.Command.Number is null
                ? Outcome.Failed("Internal error: message id is not a number. (#5.3.5)\n")
                : null;
        if (refused is { } outcome)
        {
            _pipe.Report(order, _ => outcome, isPassedOn: false, _ => AttemptDetail.Empty);
            return;
        }

        _busy[order.Slot] = true;
        _running.AddCount();
        if (_foreign is not null)
        {
            ErrorLog.Watch(Task.Run(() => DeliverAsync(order))); // It waits for a process.
            return;
        }

        ErrorLog.Watch(DeliverAsync(order)); // Returns when it waits for the network.
    }

    private async Task DeliverAsync(WideOrder order)
    {
        try
        {
            long start = TimeProvider.System.GetTimestamp();
            Delivered done = await TryDeliverAsync(order.Command, order.Route);
            TimeSpan time = TimeProvider.System.GetElapsedTime(start);
            _busy[order.Slot] = false;
            bool isLong = order.Command.RecipientParameters.Count > 0;
            _pipe.Report(
                order, done.For, isLong && done.IsPassedOn,
                place => AttemptJudge.WithLimit(
                    done.JudgeOf(place).Judge(done.For(place), done.PointOf(place), time),
                    done.RecipientsMost));
        }
        finally
        {
            _running.Signal();
        }
    }

    /// <summary>Answers questions. The answers that need no DNS are written together.</summary>
    private void Start(List<WideQuestion> questions)
    {
        List<WideAnswer> answers = [];
        foreach (WideQuestion question in questions)
        {
            if (Volatile.Read(ref _questions) >= QuestionsMax)
            {
                break; // Our qmail-send never has so many open questions.
            }

            Task<WideAnswer> answer = FindAsync(question);
            if (answer.IsCompleted)
            {
                answers.Add(answer.GetAwaiter().GetResult());
                continue;
            }

            Interlocked.Increment(ref _questions);
            _running.AddCount();
            ErrorLog.Watch(AnswerAsync(answer));
        }

        if (answers.Count > 0)
        {
            _pipe.Answer(CollectionsMarshal.AsSpan(answers));
        }
    }

    private async Task AnswerAsync(Task<WideAnswer> answer)
    {
        try
        {
            _pipe.Answer(await answer);
        }
        finally
        {
            Interlocked.Decrement(ref _questions);
            _running.Signal();
        }
    }

    private async Task<WideAnswer> FindAsync(WideQuestion question)
    {
        try
        {
            return await _delivery.Current().Names.AnswerAsync(
                question, CancellationToken.None);
        }
        catch (ConfigurationException)
        {
            // The deliveries report the fault.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // This is a bug. It costs an answer, but not the deliveries that run.
            _faults.Write(
                "qmail-rspawn: alert: looking up a domain crashed",
                $"qmail-rspawn: alert: looking up a domain crashed: {ErrorLog.Of(e)}");
        }

        return new WideAnswer(question.Id, false, WideFrames.SecondsMin, "unresolved ?");
    }

    private async Task<Delivered> TryDeliverAsync(DeliveryCommand command, byte[]? via)
    {
        if (HostOf(command.Recipients[0]) is not { } host)
        {
            return Failed("Sorry, address must include host name. (#5.1.3)\n");
        }

        QueuedBody? body = null;
        try
        {
            return await GuardAsync(async () =>
            {
                body = _bodies.Open(command.Number!.Value);
                MessageSignature signature = await _signer.SignAsync(body);
                if (signature.Fault is { } unsigned)
                {
                    return Retry($"Unable to sign message. (#4.7.0)\n{unsigned}\n");
                }

                RemoteMail mail = ToMail(command, body, signature) with { Via = via };
                return _senders.IsOwn(host)
                    ? await DeliverBackAsync(mail, body.Origin)
                    : await DeliverAsync(host, mail, body.Origin, goesBack: false);
            });
        }
        finally
        {
            if (body is not null)
            {
                _bodies.Return(body);
            }
        }
    }

    /// <summary>Turns exceptions of a delivery into a deferral.</summary>
    private static async Task<Delivered> GuardAsync(Func<Task<Delivered>> deliver)
    {
        try
        {
            return await deliver();
        }
        catch (ConfigurationException e)
        {
            return Retry($"Unable to read control files. (#4.3.0)\n{e.Message}\n");
        }
        catch (IOException)
        {
            return Retry("qmail-spawn unable to open message. (#4.3.0)\n");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // This is a bug. It defers this delivery, and is logged in full. Without a report
            // qmail-send would wait for it for ever.
            ErrorLog.Write($"qmail-rspawn: alert: delivery crashed: {ErrorLog.Of(e)}");
            return Retry("qmail-remote crashed.\n");
        }
    }

    private async Task<Delivered> DeliverAsync(
        byte[] host, RemoteMail mail, MessageOrigin origin, bool goesBack)
    {
        mail = mail with
        {
            Sender = _senders.SenderOf(mail.Sender, origin, mail.Message, goesBack),
        };
        if (_foreign is not null && mail.Via is not null)
        {
            return Retry("The configured qmail-remote takes no relays. (#4.3.5)\n");
        }

        if (_foreign is not null)
        {
            return new Delivered(DeliverByForeign(_foreign, host, mail), IsPassedOn: false);
        }

        RemoteDelivery delivery = _delivery.Current();
        RemoteReport report = await delivery.RunAsync(host, mail, CancellationToken.None);
        AttemptJudge judge = delivery.JudgeOf(host, mail.Sender);
        return new Delivered(report.For, report.IsPassedOn)
        {
            PointOf = report.PointOf,
            JudgeOf = _ => judge,
            RecipientsMost = report.RecipientsMost,
        };
    }

    /// <summary>Delivers to recipients at SRS addresses. Each goes to a host of its own; a failure
    /// at one is no reason to send to another again.</summary>
    private async Task<Delivered> DeliverBackAsync(RemoteMail mail, MessageOrigin origin)
    {
        Outcome[] outcomes = new Outcome[mail.Recipients.Count];
        AttemptPoint[] points = new AttemptPoint[outcomes.Length];
        AttemptJudge[] judges = new AttemptJudge[outcomes.Length];
        bool isPassedOn = true;
        for (int i = 0; i < outcomes.Length; i++)
        {
            RemoteMail one = mail.For([i]);
            Delivered done = await GuardAsync(() => DeliverOneBackAsync(one, origin));
            (outcomes[i], points[i], judges[i]) = (done.For(0), done.PointOf(0), done.JudgeOf(0));
            isPassedOn &= done.IsPassedOn;
        }

        return new Delivered(index => outcomes[index], isPassedOn)
        {
            PointOf = index => points[index],
            JudgeOf = index => judges[index],
        };
    }

    private async Task<Delivered> DeliverOneBackAsync(RemoteMail one, MessageOrigin origin)
    {
        SrsVerdict verdict = _senders.Resolve(one.Recipients[0], out byte[] sender);
        byte[] recipient = verdict == SrsVerdict.Good ? sender : one.Recipients[0];
        return verdict switch
        {
            SrsVerdict.Forged =>
                Failed("Sorry, that address of SRS was not made here. (#5.1.1)\n"),
            SrsVerdict.Expired => Failed("Sorry, that address of SRS is too old. (#5.1.1)\n"),
            _ => await DeliverAsync(
                HostOf(recipient) ?? [],
                one with { Recipients = [recipient] }, origin,
                goesBack: verdict == SrsVerdict.Good),
        };
    }

    /// <summary>Where mail for an address goes; null without an <c>@</c>.</summary>
    private static byte[]? HostOf(byte[] recipient)
    {
        Address parts = new(recipient);
        return parts.HasAt ? parts.Domain.ToArray() : null;
    }

    private static Delivered Failed(string text) => new(_ => Outcome.Failed(text), false);

    private static Delivered Retry(string text) => new(_ => Outcome.Retry(text), false);

    /// <summary>The queue writer, and the reader of its record, have checked the parameters.
    /// </summary>
    private static RemoteMail ToMail(
        DeliveryCommand command, QueuedBody body, MessageSignature signature)
    {
        MessageParameters parameters =
            MessageParameters.TryParse(command.Parameters, out MessageParameters said)
                ? said : default;
        RecipientParameters[] ofRecipients =
        [
            .. command.RecipientParameters.Select(text =>
                RecipientParameters.TryParse(text, out RecipientParameters one) ? one : default),
        ];
        QueuedRemoteMessage plain = new(body);
        IRemoteMessage message = signature.Fields.Length > 0
            ? new SignedRemoteMessage(signature.Fields, plain)
            : plain;
        return new RemoteMail(command.Sender, command.Recipients, message)
        {
            IsOwn = () => SigningRule.IsOwn(body.Origin, plain),
            Parameters = parameters,
            RecipientParameters = ofRecipients,
        };
    }

    private static Func<int, Outcome> DeliverByForeign(
        ForeignRemote foreign, byte[] host, RemoteMail mail)
    {
        if (mail.Parameters.RequireTls)
        {
            return _ => Outcome.Failed("Sorry, this message requires TLS, which the "
                + "configured qmail-remote does not support. (#5.7.30)\n");
        }

        Outcome[] outcomes = [.. mail.Recipients.Select(
            recipient => foreign.Deliver(host, mail.Sender, recipient, mail.Message))];
        return index => outcomes[index];
    }

    /// <param name="For">The result for each recipient.</param>
    /// <param name="IsPassedOn">Whether servers took over the DSN requests.</param>
    private sealed record Delivered(Func<int, Outcome> For, bool IsPassedOn)
    {
        /// <summary>Where each attempt ended.</summary>
        internal Func<int, AttemptPoint> PointOf { get; init; } = _ => default;

        /// <summary>Classifies the attempt of each recipient.</summary>
        internal Func<int, AttemptJudge> JudgeOf { get; init; } = _ => AttemptJudge.Usual;

        /// <inheritdoc cref="RemoteReport.RecipientsMost"/>
        internal int RecipientsMost { get; init; }
    }
}
