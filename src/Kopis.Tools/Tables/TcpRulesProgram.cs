using Kopis.Base;
using Kopis.Config;
using Kopis.Net.Listener;
using Kopis.Posix;

namespace Kopis.Tools.Tables;

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

        string name = RawText.Of(context.Arguments[0]);
        string temporary = RawText.Of(context.Arguments[1]);
        int fd = CompiledFile.Create(temporary, FileMode);
        CompiledFile.Finish(fd, name, temporary, Compile());
        return ExitCode.Success;
    }

    private static byte[] Compile()
    {
        ReadOnlySpan<byte> rest;
        try
        {
            rest = ReadAll(0);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to read input: {e.Reason}", e);
        }

        TcpRulesCompiler compiler = new();
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (!compiler.TryAdd(line))
            {
                throw new ConfigurationException(
                    $"unable to parse this line: {RawText.Of(line)}", ExitCode.Permanent);
            }
        }

        return compiler.ToArray();
    }

    /// <summary><c>tcprulescheck RULES.CDB</c>: prints the rule for the client that TCPREMOTEIP,
    /// TCPREMOTEHOST and TCPREMOTEINFO of the environment describe.</summary>
    public static int Check(ProgramContext context)
    {
        string file = context.Arguments.Count > 0
            ? RawText.Of(context.Arguments[0])
            : throw new ConfigurationException(
                "usage: tcprulescheck rules.cdb", ExitCode.Permanent);
        byte[] image;
        try
        {
            image = BoundedFile.Read(file, ControlDirectory.FileBytesMax);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to read {file}: {e.Reason}", e);
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
            throw new ConfigurationException(
                $"unable to read {file}: {ErrorText.Of(Errno.Protocol)}", e);
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

    /// <summary>The whole content of a descriptor.</summary>
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
}
