using System.Buffers;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Local;

/// <summary>
/// One delivery to a user: the checks, the .qmail file, its instructions in order, the forward
/// last (contract §7.5 to §7.9). Everything by absolute path: several run in one process.
/// </summary>
internal sealed class LocalDelivery
{
    private const int WritableByOthers = 2; // conf-patrn 002.
    private const int Sticky = 0x200;
    private const int HeaderBytesMax = 1024 * 1024; // How far the loop check reads.

    private readonly LocalHost _host;
    private readonly LocalArguments _arguments;
    private readonly LocalMessage _message;
    private readonly TraceLines _trace;
    private readonly bool _describeOnly;
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly List<byte[]> _forwards = [];
    private ByteEnvironment? _programEnvironment;
    private byte[] _newSender = [];
    private byte[]? _default;
    private int _files;
    private int _programs;

    internal LocalDelivery(
        LocalHost host, LocalArguments arguments, LocalMessage message, bool describeOnly)
    {
        _host = host;
        _arguments = arguments;
        _message = message;
        _describeOnly = describeOnly;
        _trace = new TraceLines(arguments, host.Clock.GetUtcNow());
    }

    /// <summary>Delivers; nothing is thrown for what can go wrong on a mail host.</summary>
    internal LocalResult Run()
    {
        LocalResult? stop;
        try
        {
            stop = CheckHome() ?? CheckLoop() ?? FollowFile();
            stop ??= Forward();
        }
        catch (PosixException e)
        {
            stop = LocalResult.Retry($"Temporary failure in qmail-local: {e.Message}. (#4.3.0)");
        }

        if (stop is not null)
        {
            return stop with { Text = [.. _output.WrittenSpan, .. stop.Text] };
        }

        return new LocalResult(ExitCode.Success, _output.WrittenSpan.ToArray());
    }

    private LocalResult? CheckHome()
    {
        byte[] home = _arguments.Home;
        FileStatus? status = Fd.TryStatus([.. home, 0], out int errno);
        if (status is not { IsDirectory: true } directory)
        {
            int number = status is null ? errno : Errno.NotDirectory;
            return LocalResult.Retry($"Unable to switch to {ByteText.ToText(home)}: "
                + $"{new PosixException("", number).Reason}. (#4.3.0)");
        }

        if ((directory.Mode & WritableByOthers) != 0)
        {
            return LocalResult.Retry("Uh-oh: home directory is writable. (#4.7.0)");
        }

        return (directory.Mode & Sticky) != 0 && !_describeOnly
            ? LocalResult.Retry(
                "Home directory is sticky: user is editing his .qmail file. (#4.2.1)")
            : null;
    }

    /// <summary>Our own Delivered-To line in the header means that the message came round.
    /// </summary>
    private LocalResult? CheckLoop()
    {
        if (_describeOnly)
        {
            return null;
        }

        byte[] header = new byte[(int)Math.Min(_message.Length, HeaderBytesMax)];
        ReadOnlySpan<byte> rest = header.AsSpan(0, _message.Read(0, header));
        while (!rest.IsEmpty && rest[0] != (byte)'\n')
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..(end + 1)];
            if (line.SequenceEqual(_trace.DeliveredTo))
            {
                return LocalResult.Fail(
                    "This message is looping: it already has my Delivered-To line. (#5.4.6)");
            }

            rest = rest[line.Length..];
        }

        return null;
    }

    private LocalResult? FollowFile()
    {
        QmailFile file = QmailFile.Find(
            _arguments.Home, _arguments.Dash, _arguments.Ext, out LocalResult? error);
        if (error is not null)
        {
            return error;
        }

        if (file.Content is null && _arguments.Dash.Length > 0)
        {
            return LocalResult.Fail("Sorry, no mailbox here by that name. (#5.1.1)");
        }

        _default = file.Default;
        _newSender = NewSender();
        bool isEmpty = file.Content is null or { Length: 0 };
        bool forwardOnly = file.ForwardOnly && !isEmpty;
        byte[] content = isEmpty ? _arguments.DefaultDelivery : file.Content!;
        foreach (Instruction instruction in Instruction.ParseAll(content))
        {
            LocalResult? stop = Follow(instruction, ref forwardOnly, out bool skipRest);
            if (stop is not null)
            {
                return stop;
            }

            if (skipRest)
            {
                break;
            }
        }

        return null;
    }

    private LocalResult? Follow(Instruction instruction, ref bool forwardOnly, out bool skipRest)
    {
        skipRest = false;
        switch (instruction.Kind)
        {
            case InstructionKind.BlankFirstLine:
                return LocalResult.Retry("Uh-oh: first line of .qmail file is blank. (#4.2.1)");
            case InstructionKind.ForwardOnly:
                forwardOnly = true;
                return null;
            case InstructionKind.Forward:
                _forwards.Add(instruction.Text);
                Describe("forward", instruction.Text);
                return null;
            case InstructionKind.Program:
                _programs++;
                return forwardOnly
                    ? LocalResult.Retry(
                        "Uh-oh: .qmail has prog delivery but has x bit set. (#4.7.0)")
                    : RunProgram(instruction.Text, out skipRest);
            default:
                _files++;
                return forwardOnly
                    ? LocalResult.Retry(
                        "Uh-oh: .qmail has file delivery but has x bit set. (#4.7.0)")
                    : DeliverToFile(instruction);
        }
    }

    private LocalResult? DeliverToFile(Instruction instruction)
    {
        bool isMaildir = instruction.Kind == InstructionKind.Maildir;
        if (Describe(isMaildir ? "maildir" : "mbox", instruction.Text))
        {
            return null;
        }

        byte[] path = instruction.Text[0] == (byte)'/'
            ? instruction.Text
            : [.. _arguments.Home, (byte)'/', .. instruction.Text];
        if (path.AsSpan().Contains((byte)0))
        {
            return LocalResult.Retry("Uh-oh: .qmail file has a NUL in a file name. (#4.3.0)");
        }

        byte[] head = [.. _trace.ReturnPath, .. _trace.DeliveredTo];
        return isMaildir
            ? _host.Maildirs.Deliver(path, head, _message)
            : MboxWriter.Deliver(path, [.. _trace.From, .. head], _message);
    }

    private LocalResult? RunProgram(byte[] command, out bool skipRest)
    {
        skipRest = false;
        if (Describe("program", command))
        {
            return null;
        }

        if (_host.IsRoot)
        {
            return LocalResult.Retry("Not allowed to run programs as root. (#4.7.0)");
        }

        _programEnvironment ??= ProgramEnvironment.Build(
            _host.Environment, _arguments, _trace, _newSender, _default);
        WaitStatus status = ProgramRunner.Run(
            command, _arguments.Home, _programEnvironment, _message, _output);
        if (status.Crashed)
        {
            return LocalResult.Retry("Aack, child crashed. (#4.3.0)");
        }

        skipRest = status.ExitCode == 99;
        return status.ExitCode switch
        {
            0 or 99 => null,
            100 or 64 or 65 or 70 or 76 or 77 or 78 or 112 => new(ExitCode.Permanent, []),
            _ => new(ExitCode.Temporary, []),
        };
    }

    /// <summary>Lists keep bounces away from their writers (contract §7.8).</summary>
    private byte[] NewSender()
    {
        byte[] sender = _arguments.Sender;
        if (sender.Length == 0 || sender.AsSpan().SequenceEqual("#@[]"u8)
            || !HasFile("-owner"u8))
        {
            return sender;
        }

        return HasFile("-owner-default"u8)
            ? [.. _arguments.Local, .. "-owner-@"u8, .. _arguments.Domain, .. "-@[]"u8]
            : [.. _arguments.Local, .. "-owner@"u8, .. _arguments.Domain];
    }

    private bool HasFile(ReadOnlySpan<byte> suffix) =>
        QmailFile.Exists(_arguments.Home, _arguments.Dash, _arguments.Ext, suffix);

    private LocalResult? Forward()
    {
        if (_describeOnly)
        {
            return null;
        }

        if (_forwards.Any(address => address.AsSpan().Contains((byte)0)))
        {
            return LocalResult.Retry("Uh-oh: .qmail file has a NUL in an address. (#4.3.0)");
        }

        Say($"did {_files}+{_forwards.Count}+{_programs}\n");
        return _forwards.Count == 0 ? null : ForwardAsync().GetAwaiter().GetResult();
    }

    private async Task<LocalResult?> ForwardAsync()
    {
        await using ISubmission submission = await _host.Queue.BeginAsync(
            MessageOrigin.Local, 0, CancellationToken.None);
        await submission.WriteAsync(_trace.DeliveredTo, CancellationToken.None);
        byte[] block = new byte[QueueLimits.BlockBytesMax];
        int got;
        for (long done = 0; (got = _message.Read(done, block)) > 0; done += got)
        {
            await submission.WriteAsync(block.AsMemory(0, got), CancellationToken.None);
        }

        byte[] envelope = Envelope.Format(
            _newSender, _forwards.Select(address => new ReadOnlyMemory<byte>(address)));
        QueueReply reply = await submission.FinishAsync(envelope, CancellationToken.None);
        if (reply.Code != 0)
        {
            string text = submission.CustomText ?? QueueResult.Describe(reply.Code);
            string line = $"Unable to forward message: {text[1..]}.";
            return text[0] == 'D' ? LocalResult.Fail(line) : LocalResult.Retry(line);
        }

        Say($"qp {reply.Qp}\n");
        return null;
    }

    private bool Describe(string what, byte[] text)
    {
        if (_describeOnly)
        {
            Say($"{what} ");
            _output.Write(text);
            Say("\n");
        }

        return _describeOnly;
    }

    private void Say(string text) => _output.Write(ByteText.ToBytes(text));
}
