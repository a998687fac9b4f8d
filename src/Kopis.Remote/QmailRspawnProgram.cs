using System.Buffers;
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

/// <summary>
/// <c>qmail-rspawn</c>: takes qmail-send's orders on fd 0 and runs each as an asynchronous session
/// in itself; reports on fd 1, in any order (contract §7.1, §8.1).
/// </summary>
public sealed class QmailRspawnProgram : IDisposable
{
    private const byte ConcurrencyMax = 255; // A slot is one byte; sessions are cheap here.

    private readonly QueuedBodies _bodies;
    private readonly MessageSigner _signer;
    private readonly ForwardedSenders _senders;
    private readonly Reloading<RemoteDelivery> _delivery;
    private RemoteDelivery? _newest;
    private readonly ForeignRemote? _foreign;
    private readonly bool[] _busy = new bool[ConcurrencyMax];
    private readonly Lock _reporting = new();
    private readonly CountdownEvent _running = new(1);

    private QmailRspawnProgram(ProgramContext context)
    {
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
            // What that before has idle ends by itself.
            () => _newest = Load(control, memory, pauses, tls),
            TimeProvider.System);
        if (context.Environment["QMAILREMOTE"] is { Length: > 0 } word)
        {
            _foreign = new ForeignRemote(word, context.Environment);
        }
    }

    /// <summary>Runs until the end of its input and of what runs.</summary>
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
        ControlDirectory control, ConnectMemory memory, LoginPauses pauses, TlsServices tls)
    {
        RemoteSettings settings = RemoteSettings.Read(control);
        MailDns dns = MailDns.ReadSigned(control, tls.SayOnce);
        foreach (string fault in settings.Faults.Concat(dns.Faults))
        {
            Warn(fault);
        }

        return new RemoteDelivery(
            settings, dns, memory, pauses, TimeProvider.System, tls.For(settings, dns));
    }

    private static void Warn(string fault) =>
        ErrorLog.Write($"qmail-rspawn: warning: {fault}");

    private int Serve()
    {
        Fd.WriteAll(1, [ConcurrencyMax]);
        DeliveryCommandReader reader = new();
        List<DeliveryCommand> commands = [];
        byte[] block = new byte[16 * 1024];
        int got;
        bool isSound = true;
        Watchdog orders = new("qmail-rspawn");
        SocketWatch sessions = new("qmail-rspawn", goesOn: () => _running.CurrentCount > 1);
        while (isSound && (got = Fd.Read(0, block)) > 0)
        {
            orders.Begin();
            sessions.Touch();
            isSound = TryRead(reader, block.AsSpan(0, got), commands);
            foreach (DeliveryCommand command in commands)
            {
                Start(command);
            }

            commands.Clear();
            orders.End();
        }

        _running.Signal();
        _running.Wait();
        _newest?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return ExitCode.Success;
    }

    /// <summary>False if the peer is not qmail-send: what runs is finished.
    /// </summary>
    private static bool TryRead(
        DeliveryCommandReader reader, ReadOnlySpan<byte> bytes, List<DeliveryCommand> to)
    {
        try
        {
            reader.Read(bytes, to);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private void Start(DeliveryCommand command)
    {
        Outcome? refused = command.Slot >= ConcurrencyMax || _busy[command.Slot]
            ? Outcome.Retry("Internal error: slot in use or out of range. (#4.3.5)\n")
            : command.Number is null
                ? Outcome.Failed("Internal error: message id is not a number. (#5.3.5)\n")
                : null;
        if (refused is { } outcome)
        {
            Report(command, _ => outcome, isPassedOn: false);
            return;
        }

        _busy[command.Slot] = true;
        _running.AddCount();
        if (_foreign is not null)
        {
            ErrorLog.Watch(Task.Run(() => DeliverAsync(command))); // It waits for a process.
            return;
        }

        ErrorLog.Watch(DeliverAsync(command)); // Returns when it waits for the network.
    }

    private async Task DeliverAsync(DeliveryCommand command)
    {
        try
        {
            Delivered done = await TryDeliverAsync(command);
            _busy[command.Slot] = false;
            bool isLong = command.RecipientParameters.Count > 0;
            Report(command, done.For, isLong && done.IsPassedOn);
        }
        finally
        {
            _running.Signal();
        }
    }

    private async Task<Delivered> TryDeliverAsync(DeliveryCommand command)
    {
        byte[] first = command.Recipients[0];
        int at = first.AsSpan().LastIndexOf((byte)'@');
        if (at < 0)
        {
            return Failed("Sorry, address must include host name. (#5.1.3)\n");
        }

        byte[] host = first[(at + 1)..];
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

                RemoteMail mail = ToMail(command, body, signature);
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

    /// <summary>What keeps a delivery from its end delays it.</summary>
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
            // A fault of ours: it costs this delivery a delay, and is told in full. Without a
            // report qmail-send would wait for it forever.
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
        if (_foreign is not null)
        {
            return new Delivered(DeliverByForeign(_foreign, host, mail), IsPassedOn: false);
        }

        RemoteReport report =
            await _delivery.Current().RunAsync(host, mail, CancellationToken.None);
        return new Delivered(report.For, report.IsPassedOn);
    }

    /// <summary>To recipients of SRS: each goes to a host of its own, and what goes wrong with one
    /// is no reason to send to another again.</summary>
    private async Task<Delivered> DeliverBackAsync(RemoteMail mail, MessageOrigin origin)
    {
        Outcome[] outcomes = new Outcome[mail.Recipients.Count];
        bool isPassedOn = true;
        for (int i = 0; i < outcomes.Length; i++)
        {
            RemoteMail one = mail.For([i]);
            Delivered done = await GuardAsync(() => DeliverOneBackAsync(one, origin));
            outcomes[i] = done.For(0);
            isPassedOn &= done.IsPassedOn;
        }

        return new Delivered(index => outcomes[index], isPassedOn);
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
                recipient[(Array.LastIndexOf(recipient, (byte)'@') + 1)..],
                one with { Recipients = [recipient] }, origin,
                goesBack: verdict == SrsVerdict.Good),
        };
    }

    private static Delivered Failed(string text) => new(_ => Outcome.Failed(text), false);

    private static Delivered Retry(string text) => new(_ => Outcome.Retry(text), false);

    /// <summary>Parameters were checked by the queue writer and by the reader of its record.
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

    /// <summary>One report a recipient, in the order of the command.</summary>
    private void Report(DeliveryCommand command, Func<int, Outcome> outcome, bool isPassedOn)
    {
        ArrayBufferWriter<byte> reports = new(256);
        for (int i = 0; i < command.Recipients.Count; i++)
        {
            DeliveryReport.Write(reports, command.Slot, outcome(i), isPassedOn);
        }

        lock (_reporting)
        {
            try
            {
                Fd.WriteAll(1, reports.WrittenSpan);
            }
            catch (PosixException)
            {
                // qmail-send is gone; it orders what it has no report of again.
            }
        }
    }

    /// <param name="For">The outcome for each recipient.</param>
    /// <param name="IsPassedOn">Whether servers took over what was said of DSN.</param>
    private readonly record struct Delivered(Func<int, Outcome> For, bool IsPassedOn);
}
