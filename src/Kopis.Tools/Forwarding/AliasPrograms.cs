using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Addresses;
using Kopis.Posix;

namespace Kopis.Tools.Forwarding;

/// <summary>The programs that make and show the files of <c>fastforward</c>: <c>setforward</c>,
/// <c>newaliases</c>, <c>setmaillist</c>, <c>newinclude</c>, <c>printforward</c>,
/// <c>printmaillist</c> (fastforward 0.51).</summary>
public static class AliasPrograms
{
    private const int ReadableByAll = 0x1A4; // 0644
    private const int StandardError = 2;
    private const string AliasesFile = "/etc/aliases";

    /// <summary><c>setforward CDB TMP</c></summary>
    public static int SetForward(ProgramContext context) =>
        FromInput(context, "data.cdb data.tmp", text => ForwardInstructions.Compile(text));

    /// <summary><c>setmaillist BIN TMP</c></summary>
    public static int SetMailList(ProgramContext context) =>
        FromInput(context, "list.bin list.tmp", text => MailList.Compile(text));

    /// <summary><c>newaliases [FILE]</c>: compiles /etc/aliases to /etc/aliases.cdb.</summary>
    public static int NewAliases(ProgramContext context)
    {
        byte[] file = context.Arguments.Count > 0
            ? context.Arguments[0]
            : ByteText.ToBytes(AliasesFile);
        ShadowedAliases shadowed = new(context);
        List<string> warnings = [];
        byte[] aliases = AliasCompiler.Aliases(
            ReadFile(file), DefaultsOf(context), (alias, line) =>
            {
                if (shadowed.WhyShadowed(alias) is { } reason)
                {
                    string name = LogText.Safe(alias.Text);
                    warnings.Add($"newaliases: warning: line {line}: {name}: {reason}\n");
                }
            });
        Replace(Name(file, ".cdb"), Name(file, ".tmp"), aliases);
        Fd.WriteAll(StandardError, ByteText.ToBytes(string.Concat(warnings)));
        return ExitCode.Success;
    }

    /// <summary><c>newinclude LIST</c>: compiles LIST to LIST.bin.</summary>
    public static int NewInclude(ProgramContext context)
    {
        context.RequireArguments(1, "list");
        byte[] file = context.Arguments[0];
        byte[] list = AliasCompiler.Include(ReadFile(file), DefaultsOf(context));
        Replace(Name(file, ".bin"), Name(file, ".tmp"), list);
        return ExitCode.Success;
    }

    /// <summary><c>printforward</c>: prints a database as text for setforward.</summary>
    public static int PrintForward(ProgramContext context)
    {
        List<byte> text = [];
        try
        {
            byte[] image = ReadInput();
            if (!Cdb.IsWhole(image))
            {
                throw new InvalidDataException("It is not a cdb file.");
            }

            foreach ((ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> data) in Cdb.Records(image))
            {
                AddInstruction(text, key.Span, data.Span);
            }
        }
        catch (InvalidDataException e)
        {
            throw new ConfigurationException("bad database format", e, ExitCode.Permanent);
        }

        Fd.WriteAll(1, text.ToArray());
        return ExitCode.Success;
    }

    /// <summary><c>printmaillist</c>: prints a list as text for setmaillist.</summary>
    public static int PrintMailList(ProgramContext context)
    {
        try
        {
            byte[] text =
                [.. MailList.Entries(ReadInput()).SelectMany(entry => (byte[])[.. entry, 10])];
            Fd.WriteAll(1, text);
            return ExitCode.Success;
        }
        catch (InvalidDataException e)
        {
            throw new ConfigurationException("bad mailing list format", e, ExitCode.Permanent);
        }
    }

    /// <summary>What completes addresses without a host.</summary>
    internal static AddressDefaults DefaultsOf(ProgramContext context)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        return new AddressDefaults(
            control.ReadLineOrDefault(HostFiles.DefaultHost)!,
            control.ReadLineOrDefault(HostFiles.DefaultDomain)!,
            control.ReadLineOrDefault(HostFiles.PlusDomain)!);
    }

    private static void AddInstruction(
        List<byte> text, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        if (key is [(byte)'?', ..])
        {
            text.AddRange(
                [.. Escape(key[1..]), .. ": ?"u8, .. Escape(data), .. ";\n"u8]);
            return;
        }

        if (key is not [(byte)':', ..])
        {
            throw new InvalidDataException("A key is of no known kind.");
        }

        text.AddRange([.. Escape(key[1..]), .. ":\n"u8]);
        foreach (byte[] command in ForwardTable.SplitAtNul(data))
        {
            text.AddRange([.. ", "u8, .. Escape(command), 10]);
        }

        text.AddRange(";\n"u8);
    }

    private static byte[] Escape(ReadOnlySpan<byte> word)
    {
        List<byte> escaped = [];
        foreach (byte b in word)
        {
            if (b is <= 32 or >= 128 || "#,:;\\"u8.Contains(b))
            {
                escaped.Add((byte)'\\');
            }

            escaped.Add(b);
        }

        return [.. escaped];
    }

    private static int FromInput(
        ProgramContext context, string usage, Func<byte[], byte[]> compile)
    {
        context.RequireArguments(2, usage);
        byte[] compiled = compile(ReadInput());
        Replace(Name(context.Arguments[0], ""), Name(context.Arguments[1], ""), compiled);
        return ExitCode.Success;
    }

    private static byte[] ReadInput()
    {
        try
        {
            return MessageFiles.ReadAll(0);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to read input: {e.Reason}", e);
        }
    }

    private static byte[] ReadFile(byte[] file) => MessageFiles.Read(file, mustBePublic: false)
        ?? throw new ConfigurationException(
            $"unable to read {RawText.Of(file)}: file does not exist");

    private static string Name(byte[] file, string ending) =>
        RawText.Of(file) + ending;

    // The file appears completely or not at all, and everybody may read it.
    private static void Replace(string name, string temporary, byte[] content)
    {
        int mask = Processes.SetFileModeMask(0x12); // 022
        int fd = CompiledFile.Create(temporary, ReadableByAll);
        _ = Processes.SetFileModeMask(mask);
        CompiledFile.Finish(fd, name, temporary, content);
    }
}
