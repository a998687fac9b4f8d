using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Authentication.Results;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Local.Delivery;

/// <summary>One delivery as the recipient's .qmail file says: what qmail-local does, as a warm
/// process or by hand (contract §7.5–7.9). It does not depend on the working directory, so many
/// deliveries can run in one process.</summary>
internal sealed class LocalDelivery(
    LocalSite site, DeliveryRequest request, MessageBody body, DeliveryOutput output)
{
    private const int WritableByOthers = 0x2; // conf-patrn, 002.
    private const int Sticky = 0x200; // 01000
    private static readonly byte[] OwnerWord = "-owner"u8.ToArray();
    private static readonly byte[] OwnerDefaultWord = "-owner-default"u8.ToArray();

    private readonly TraceLines _lines =
        new(request.Sender, request.Recipient, site.Time.GetUtcNow());

    private readonly List<ReadOnlyMemory<byte>> _forwards = [];
    private byte[] _newSender = request.Sender;
    private bool _isDefault;
    private ByteEnvironment? _environment;
    private byte[]? _defaultPart;
    private int _files;
    private int _addresses;
    private int _programs;

    /// <summary>Whether to print only what would be done (option -n).</summary>
    internal bool DescribeOnly { get; init; }

    /// <summary>The slots for programs; null by hand, where each program runs at once.</summary>
    internal IProgramPlace? Place { get; init; }

    /// <summary>Delivers the message.</summary>
    /// <returns>qmail-local's exit code; the output gives the reason.</returns>
    internal int Run()
    {
        if (Deliver() is not { } failure)
        {
            return ExitCode.Success;
        }

        if (failure.Text.Length > 0)
        {
            output.Complain([.. failure.Text, (byte)'\n']);
        }

        return failure.ExitCode;
    }

    private LocalFailure? Deliver()
    {
        // The home is held open: the checked directory is the one whose .qmail file is used, even
        // if its name changes meanwhile. DirectoryFd fails where chdir would fail, also for lack of
        // search permission.
        using DirectoryFd? home = DirectoryFd.TryOpen([.. request.Home, 0], out int errno);
        LocalFailure? refused = home is null ? NoHome(errno) : CheckHome(home) ?? CheckLoop();
        if (refused is not null)
        {
            return refused;
        }

        (DotQmailFile? file, LocalFailure? failure) = DotQmailFile.Find(home!, request);
        if (file is null && failure is null && request.Dash.Length > 0)
        {
            failure = LocalFailure.Permanent("Sorry, no mailbox here by that name. (#5.1.1)");
        }

        failure ??= ChooseSender();
        if (failure is not null)
        {
            return failure;
        }

        _defaultPart = file?.DefaultPart;
        _isDefault = file is not { Content.Length: > 0 };
        return _isDefault
            ? Obey(request.DefaultDelivery, forwardOnly: false)
            : Obey(file!.Content, file.ForwardOnly);
    }

    private LocalFailure NoHome(int errno) => LocalFailure.Temporary(
        "Unable to switch to ", request.Home, $": {FileErrors.Text(errno)}. (#4.3.0)");

    private LocalFailure? CheckHome(DirectoryFd directory)
    {
        if (directory.TryStatus(".\0"u8) is not { } home)
        {
            return NoHome(Errno.Access);
        }

        if ((home.Mode & WritableByOthers) != 0)
        {
            return LocalFailure.Temporary("Uh-oh: home directory is writable. (#4.7.0)");
        }

        if ((home.Mode & Sticky) == 0)
        {
            return null;
        }

        if (!DescribeOnly)
        {
            return LocalFailure.Temporary(
                "Home directory is sticky: user is editing his .qmail file. (#4.2.1)");
        }

        output.Complain("Warning: home directory is sticky.\n"u8);
        return null;
    }

    private ByteEnvironment BuildEnvironment()
    {
        ByteEnvironment environment = DeliveryEnvironment.Build(
            site.Environment, request, _lines, _newSender, _defaultPart);
        byte[] start = new byte[ResultsText.SearchBytes];
        try
        {
            environment[ResultsText.Variable] = ResultsText.OfQueued(body.Read(0, start));
        }
        catch (UnreadableMessageException)
        {
            environment[ResultsText.Variable] = null; // The program will report it, too.
        }

        return environment;
    }

    private LocalFailure? CheckLoop()
    {
        if (DescribeOnly)
        {
            return null;
        }

        LoopScan scan = new(_lines.DeliveredTo);
        byte[] block = ArrayPool<byte>.Shared.Rent(MessageBody.BlockBytes);
        try
        {
            long offset = 0;
            ReadOnlySpan<byte> piece;
            while (!(piece = body.Read(offset, block)).IsEmpty && scan.Scan(piece))
            {
                offset += piece.Length;
            }
        }
        catch (UnreadableMessageException e)
        {
            return e.Number == Errno.IllegalSeek
                ? CannotRewind()
                : LocalFailure.Temporary(
                    $"Unable to read message: {FileErrors.Text(e.Number)}. (#4.3.0)");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        return scan.Found
            ? LocalFailure.Permanent(
                "This message is looping: it already has my Delivered-To line. (#5.4.6)")
            : null;
    }

    // Contract §7.8.
    private LocalFailure? ChooseSender()
    {
        ReadOnlySpan<byte> sender = request.Sender;
        if (sender.IsEmpty || sender.SequenceEqual("#@[]"u8))
        {
            return null;
        }

        if (!DotQmailFile.Exists(request, OwnerWord, out LocalFailure? failure))
        {
            return failure;
        }

        bool verp = DotQmailFile.Exists(request, OwnerDefaultWord, out failure);
        _newSender = verp
            ? [.. request.Local, .. "-owner-@"u8, .. request.Host, .. "-@[]"u8]
            : [.. request.Local, .. "-owner@"u8, .. request.Host];
        return failure;
    }

    private LocalFailure? Obey(byte[] instructions, bool forwardOnly)
    {
        // A file without instructions counts as one empty line.
        Instruction[] lines =
            [.. Instruction.ParseAll(instructions.Length > 0 ? instructions : "\n"u8.ToArray())];

        // This is checked before any line is carried out, since each retry would carry them out
        // again.
        if (Array.Exists(lines, line => line.ForwardsToNobody))
        {
            return LocalFailure.Temporary(
                "Uh-oh: .qmail file has a forward without an address. (#4.2.1)");
        }

        bool first = true;
        foreach (Instruction instruction in lines)
        {
            if (first && instruction.Kind == InstructionKind.Blank)
            {
                return LocalFailure.Temporary(
                    "Uh-oh: first line of .qmail file is blank. (#4.2.1)");
            }

            first = false;
            forwardOnly |= instruction.Kind == InstructionKind.ForwardOnly;
            bool done = false;
            LocalFailure? failure = DescribeOnly
                ? Describe(instruction, forwardOnly)
                : Obey(instruction, forwardOnly, out done);
            if (failure is not null)
            {
                return failure;
            }

            if (done)
            {
                break;
            }
        }

        return Finish();
    }

    private LocalFailure? Obey(Instruction instruction, bool forwardOnly, out bool done)
    {
        done = false;
        LocalFailure? failure = Count(instruction.Kind, forwardOnly);
        if (failure is not null)
        {
            return failure;
        }

        ReadOnlyMemory<byte> argument = instruction.Argument;
        switch (instruction.Kind)
        {
            case InstructionKind.Maildir:
                byte[] directory = request.PathOf(argument.Span)[..^1]; // Without the NUL.
                Action? make = _isDefault
                    ? () => FirstMaildir.MakeMissing(request.Home, argument.Span) : null;
                return new MaildirWriter(site) { MakeMissing = make }.Deliver(
                    directory, _lines, body);
            case InstructionKind.Mbox:
                byte[] path = request.PathOf(argument.Span);
                return new MboxWriter(site).Deliver(argument.Span, path, _lines, body);
            case InstructionKind.Program:
                return RunProgram(argument, out done);
            case InstructionKind.Lmtp when _isDefault:
                return new LmtpDelivery(instruction.SocketPath).Deliver(
                    request.Sender, request.User, _lines, body);
            case InstructionKind.Forward or InstructionKind.Lmtp:
                _forwards.Add(argument);
                return null;
            default:
                return null;
        }
    }

    private LocalFailure? Describe(Instruction instruction, bool forwardOnly)
    {
        LocalFailure? failure = Count(instruction.Kind, forwardOnly);
        string? word = instruction.Kind switch
        {
            InstructionKind.Maildir => "maildir ",
            InstructionKind.Mbox => "mbox ",
            InstructionKind.Program => "program ",
            InstructionKind.Lmtp when _isDefault => "deliver to ",
            InstructionKind.Forward or InstructionKind.Lmtp => "forward ",
            _ => null,
        };
        if (failure is null && word is not null)
        {
            output.Say([.. ByteText.ToBytes(word), .. instruction.Argument.Span, (byte)'\n']);
        }

        return failure;
    }

    private LocalFailure? Count(InstructionKind kind, bool forwardOnly)
    {
        switch (kind)
        {
            case InstructionKind.Lmtp when _isDefault:
                _files++;
                return null;
            case InstructionKind.Maildir or InstructionKind.Mbox:
                _files++;
                return forwardOnly ? HasExecuteBit("file") : null;
            case InstructionKind.Program:
                _programs++;
                return forwardOnly ? HasExecuteBit("prog") : null;
            case InstructionKind.Forward or InstructionKind.Lmtp:
                _addresses++;
                return null;
            default:
                return null;
        }
    }

    private LocalFailure? RunProgram(ReadOnlyMemory<byte> command, out bool done)
    {
        done = false;
        if (!site.MayRunPrograms)
        {
            return LocalFailure.Temporary("Not allowed to run programs as root. (#4.7.0)");
        }

        int message;
        try
        {
            message = body.Rewound();
        }
        catch (PosixException)
        {
            return CannotRewind();
        }

        _environment ??= BuildEnvironment();
        if (Place is { } place && !place.Acquire())
        {
            return LocalFailure.Temporary("Unable to run programs: qmail-lspawn ended. (#4.3.0)");
        }

        WaitStatus status;
        try
        {
            status = Run(command, message, _environment);
        }
        catch (PosixException e)
        {
            return LocalFailure.Temporary(
                $"Unable to run /bin/sh: {FileErrors.Text(e.Number)}. (#4.3.0)");
        }
        finally
        {
            Place?.Release();
        }

        done = !status.Crashed && status.ExitCode == ProgramExit.SkipRest;
        return ProgramExit.Judge(status);
    }

    private WaitStatus Run(
        ReadOnlyMemory<byte> command, int message, ByteEnvironment environment) =>
        output.Run((standardOutput, standardError) => new ProcessStart
        {
            Path = "/bin/sh",
            Arguments = ["/bin/sh"u8.ToArray(), "-c"u8.ToArray(), command.ToArray()],
            Environment = environment,
            DirectoryBytes = request.Home,
            OwnGroup = true,
            Descriptors = new Dictionary<int, int>
            {
                [0] = message,
                [1] = standardOutput,
                [2] = standardError,
            },
        });

    private LocalFailure? Finish()
    {
        uint qp = 0;
        if (_forwards.Count > 0)
        {
            (LocalFailure? failure, qp) = Forward();
            if (failure is not null)
            {
                return failure;
            }
        }

        output.Say(ByteText.ToBytes($"did {_files}+{_addresses}+{_programs}\n"));
        if (qp != 0)
        {
            output.Say(ByteText.ToBytes($"qp {qp}\n"));
        }

        return null;
    }

    private (LocalFailure? Failure, uint Qp) Forward()
    {
        try
        {
            return new Forwarder(site.Queue).Forward(_newSender, _forwards, _lines, body);
        }
        catch (PosixException e) // For example, no descriptors for a program in QMAILQUEUE.
        {
            return (LocalFailure.Temporary(
                $"Unable to fork: {FileErrors.Text(e.Number)}. (#4.3.0)"), 0);
        }
    }

    private static LocalFailure HasExecuteBit(string kind) =>
        LocalFailure.Temporary($"Uh-oh: .qmail has {kind} delivery but has x bit set. (#4.7.0)");

    private static LocalFailure CannotRewind() =>
        LocalFailure.Temporary("Unable to rewind message. (#4.3.0)");
}
