using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;
using Kopis.Tools.DotQmail;

namespace Kopis.Tools.Forwarding;

/// <summary><c>fastforward [-nNpPdD] CDB</c>, for .qmail-default: forwards by a database of
/// addresses (fastforward 0.51).</summary>
public static class FastForward
{
    private const int SkipRest = 99; // Tells qmail-local to skip further lines.

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        if (ForwardSwitches.Read(context.Arguments, "npd", out IReadOnlyList<byte[]> rest)
            is not { } switches || rest.Count == 0)
        {
            throw new ConfigurationException(
                "usage: fastforward [ -nNpPdD ] data.cdb", ExitCode.Permanent);
        }

        bool passesThrough = switches.Contains('p', StringComparison.Ordinal);
        byte[] address = AddressOf(context, switches.Contains('d', StringComparison.Ordinal));
        byte[] image = MessageFiles.Read(rest[0], mustBePublic: false)
            ?? throw new ConfigurationException(
                $"unable to read {RawText.Of(rest[0])}: file does not exist");
        AliasExpansion expansion = new(image, ReadList);
        if (!TryFollow(expansion, image, address, rest[0]))
        {
            if (!passesThrough)
            {
                StandardOutput.Instance.Complain(
                    "Sorry, no mailbox here by that name. (#5.1.1)\n"u8);
            }

            return passesThrough ? ExitCode.Success : ExitCode.Permanent;
        }

        if (switches.Contains('n', StringComparison.Ordinal))
        {
            Describe(context, expansion);
        }
        else if (Obey(context, expansion) is not 0 and int code)
        {
            return code;
        }

        return passesThrough ? SkipRest : ExitCode.Success;
    }

    private static bool TryFollow(
        AliasExpansion expansion, byte[] image, byte[] address, byte[] file)
    {
        try
        {
            return Cdb.IsWhole(image)
                ? expansion.TryFollow(address)
                : throw new InvalidDataException("It is not a cdb file.");
        }
        catch (InvalidDataException e)
        {
            throw new ConfigurationException(
                $"unable to read {RawText.Of(file)}: {ErrorText.Of(e)}", e);
        }
    }

    private static byte[] AddressOf(ProgramContext context, bool isForDefault)
    {
        if (!isForDefault)
        {
            return ToolQueue.Required(context, "RECIPIENT");
        }

        byte[] box = context.Environment["DEFAULT"] ?? context.Environment["EXT"]
            ?? throw new ConfigurationException(
                "$DEFAULT or $EXT must be set", ExitCode.Permanent);
        return [.. box, (byte)'@', .. ToolQueue.Required(context, "HOST")];
    }

    // A list must be readable by everybody, since another user may have given us the list to
    // forward by.
    private static List<byte[]> ReadList(byte[] file)
    {
        if (file.AsSpan().SequenceEqual(AliasCompiler.Nowhere))
        {
            return [];
        }

        byte[] list = MessageFiles.Read(file, mustBePublic: true)
            ?? throw new ConfigurationException(
                $"unable to read {RawText.Of(file)}: file does not exist");
        try
        {
            return MailList.Entries(list);
        }
        catch (InvalidDataException e)
        {
            throw new ConfigurationException(
                $"unable to read {RawText.Of(file)}: {ErrorText.Of(e)}", e);
        }
    }

    private static int Obey(ProgramContext context, AliasExpansion expansion)
    {
        foreach (byte[] program in expansion.Programs)
        {
            byte[] head = program[0] == (byte)'!' ? ForwardRun.HeadOf(context) : [];
            if (ForwardRun.Pipe(context, program.AsSpan(1), head) is not 0 and int code)
            {
                return code;
            }
        }

        if (expansion.Recipients.Count > 0)
        {
            byte[] sender = ToolQueue.Required(context, "SENDER");
            ForwardRun.Forward(context, SenderOf(sender, expansion), expansion.Recipients);
        }

        return 0;
    }

    // A bounce keeps its sender, even if the list has an owner, so that no bounce answers it.
    private static byte[] SenderOf(byte[] sender, AliasExpansion expansion) =>
        sender.Length == 0 || sender.AsSpan().SequenceEqual("#@[]"u8)
            ? sender
            : expansion.Owner ?? sender;

    private static void Describe(ProgramContext context, AliasExpansion expansion)
    {
        foreach (byte[] program in expansion.Programs)
        {
            ForwardRun.Tell("run ", program);
        }

        if (expansion.Recipients.Count == 0)
        {
            ForwardRun.Tell("no forwarding", []);
            return;
        }

        byte[] sender = context.Environment["SENDER"] ?? "original envelope sender"u8.ToArray();
        ForwardRun.Tell("from <", SenderOf(sender, expansion), ">");
        foreach (byte[] recipient in expansion.Recipients)
        {
            ForwardRun.Tell("to <", recipient, ">");
        }
    }
}
