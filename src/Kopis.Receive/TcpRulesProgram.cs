using Kopis.Base;
using Kopis.Control;
using Kopis.Posix;

namespace Kopis.Receive;

/// <summary>
/// tcprules and tcprulescheck: the admission rules of tcpserver (contract §12.2).
/// </summary>
public static class TcpRulesProgram
{
    private const int FileMode = 0x1A4; // 0644

    /// <summary>
    /// <c>tcprules RULES.CDB RULES.TMP</c>: compiles the rules on standard input.
    /// </summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count < 2)
        {
            throw new ConfigurationException(
                "usage: tcprules rules.cdb rules.tmp", ExitCode.Permanent);
        }

        TcpRulesCompiler compiler = new();
        ReadOnlySpan<byte> rest = ReadAll(0);
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (!compiler.TryAdd(line))
            {
                throw new ConfigurationException(
                    $"unable to parse this line: {ByteText.ToText(line)}", ExitCode.Permanent);
            }
        }

        Replace(context.ArgumentText(0)!, context.ArgumentText(1)!, compiler.ToArray());
        return ExitCode.Success;
    }

    /// <summary><c>tcprulescheck RULES.CDB</c>: prints what happens to the client in the
    /// environment's TCPREMOTEIP, TCPREMOTEHOST and TCPREMOTEINFO.</summary>
    public static int Check(ProgramContext context)
    {
        string file = context.ArgumentText(0) ?? throw new ConfigurationException(
            "usage: tcprulescheck rules.cdb", ExitCode.Permanent);
        byte[] image;
        try
        {
            image = BoundedFile.Read(file, ControlDirectory.FileBytesMax);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to read {file}: {e.Message}", e);
        }

        TcpRule? rule;
        try
        {
            rule = new TcpRules(image).Find(
                context.Environment["TCPREMOTEIP"] ?? [],
                context.Environment["TCPREMOTEHOST"],
                context.Environment["TCPREMOTEINFO"]);
        }
        catch (InvalidDataException e)
        {
            throw new ConfigurationException($"unable to read {file}: {e.Message}", e);
        }

        List<byte> text = [];
        if (rule is null)
        {
            text.AddRange("default:\n"u8);
        }
        else
        {
            text.AddRange([.. "rule "u8, .. rule.Key, .. ":\n"u8]);
            foreach ((string name, byte[] value) in rule.Variables)
            {
                text.AddRange(
                    [.. ByteText.ToBytes($"set environment variable {name}="), .. value, 10]);
            }
        }

        text.AddRange(rule is { Denies: true } ? "deny connection\n"u8 : "allow connection\n"u8);
        Fd.WriteAll(1, text.ToArray());
        return ExitCode.Success;
    }

    /// <summary>The whole of a descriptor.</summary>
    internal static byte[] ReadAll(int fd)
    {
        using MemoryStream all = new();
        byte[] piece = new byte[64 * 1024];
        for (int got; (got = Fd.Read(fd, piece)) > 0;)
        {
            all.Write(piece, 0, got);
        }

        return all.ToArray();
    }

    /// <summary>Puts a new file in place of an old one, whole, whatever happens.</summary>
    internal static void Replace(string name, string temporary, byte[] content)
    {
        try
        {
            int fd = Fd.Open(
                temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, FileMode);
            try
            {
                Fd.WriteAll(fd, content);
                Fd.Sync(fd);
            }
            finally
            {
                Fd.Close(fd);
            }

            Paths.Rename(temporary, name);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to write {name}: {e.Message}", e);
        }
    }
}
