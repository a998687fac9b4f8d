using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Local.Delivery;
using Kopis.Net.Listener;
using Kopis.Tools.Tables;
using Kopis.Users.Logins;
using Kopis.Users.Quota;
using Kopis.Users.Recipients;
using Kopis.Users.Virtual;

namespace Kopis.Fuzz.Targets;

/// <summary>Files that an administrator or a user writes.</summary>
internal static class ControlTargets
{
    private static readonly string Home = Scratch.Home(("me", "host.example"));
    private static readonly ControlDirectory Control = new(Path.Combine(Home, "control"));

    /// <summary>Control files: understood, or refused with a name and a reason.</summary>
    internal static void Files(byte[] input)
    {
        string[] names =
        [
            "databytes", "rcpthosts", "locals", "virtualdomains", "smtproutes", "badmailfrom",
            "percenthack", "envnoathost",
        ];
        string name = names[input.Length == 0 ? 0 : input[0] % names.Length];
        string path = Path.Combine(Control.Directory, name);
        File.WriteAllBytes(path, input);
        try
        {
            Must.Hold(Control.ReadLong(SmtpFiles.DataBytes) >= 0, "a negative number");
            AddressMap map = AddressMap.Read(Control);
            foreach (byte[] address in Addresses(input))
            {
                byte[] routed = map.Route(address, out _);
                Must.Hold(routed.Contains((byte)'@'), "an address without host");
                _ = map.WithoutPrepend(routed);
                _ = RcptHosts.Load(Control).Contains(address);
                _ = PatternList.Load(Control, SmtpFiles.BadMailFrom).Find(address);
                _ = SmtpRoutes.Read(Control).Find(address);
            }
        }
        catch (ConfigurationException e)
        {
            Must.BePrintable(Encoding.Latin1.GetBytes(e.Message), "a reason");
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>tcprules' text, its database, and what is found there.</summary>
    internal static void TcpRules(byte[] input)
    {
        TcpRulesCompiler compiler = new();
        foreach (Range line in input.AsSpan().Split((byte)'\n'))
        {
            compiler.TryAdd(input.AsSpan(line));
        }

        byte[] image = compiler.ToArray();
        Must.Hold(Cdb.IsWhole(image), "a damaged database");
        ByteEnvironment environment = new();
        new TcpRules(image)
            .Find("127.0.0.1"u8.ToArray(), "a.b.example"u8.ToArray(), "joe"u8.ToArray())
            ?.ApplyTo(environment);
        _ = environment.ToBlock();
    }

    /// <summary>A constant database of any bytes.</summary>
    internal static void ConstantDatabase(byte[] input)
    {
        try
        {
            _ = Cdb.IsWhole(input);
            foreach (byte[] key in (byte[][])["key"u8.ToArray(), [], "!joe-list\0"u8.ToArray()])
            {
                _ = Cdb.TryFind(input, key, out _);
            }

            _ = UsersCdb.Find(input, "joe-list"u8);
            _ = new TcpRules(input).Find("127.0.0.1"u8.ToArray(), null, null);
        }
        catch (InvalidDataException)
        {
            // So it says.
        }
    }

    /// <summary>users/assign, its database, and who is found there.</summary>
    internal static void Assign(byte[] input)
    {
        if (Compiled(input) is not { } image)
        {
            return;
        }

        Must.Hold(Cdb.IsWhole(image), "a damaged database");
        foreach (Range line in input.AsSpan().Split((byte)'\n'))
        {
            ReadOnlySpan<byte> text = input.AsSpan(line);
            int colon = text.IndexOf((byte)':');
            _ = UsersCdb.Find(image, colon > 0 ? text[1..colon] : text);
        }
    }

    private static byte[]? Compiled(byte[] input)
    {
        try
        {
            return AssignCompiler.Compile(input);
        }
        catch (ConfigurationException)
        {
            return null; // It names the line.
        }
    }

    /// <summary>users/virtual and the hashes in it.</summary>
    internal static void VirtualUserList(byte[] input)
    {
        try
        {
            foreach (VirtualMailbox mailbox in VirtualUsers.Parse("/u", input).Values)
            {
                Must.Hold(
                    Path.GetFullPath(mailbox.Home).StartsWith("/u/", StringComparison.Ordinal)
                        && VirtualAddress.Check(mailbox.Address) is null
                        && PasswordHash.IsValid(mailbox.PasswordHash),
                    "a mailbox elsewhere");
            }
        }
        catch (ConfigurationException e)
        {
            Must.BePrintable(Encoding.Latin1.GetBytes(e.Message), "a reason");
        }
    }

    /// <summary>users/aliases: no target is anything but an address.</summary>
    internal static void Aliases(byte[] input)
    {
        try
        {
            foreach (string targets in VirtualAliases.Format.Parse(input, out _)
                .Where(line => VirtualAliases.Format.IsRight(line.Key, line.Value))
                .Select(line => line.Value))
            {
                Must.Hold(
                    targets.Split(',').All(target => VirtualAddress.Check(target) is null),
                    "a target that is no address");
            }

            _ = VirtualAliases.Format.Index(input, default).ToArray();
        }
        catch (ConfigurationException e)
        {
            Must.BePrintable(Encoding.Latin1.GetBytes(e.Message), "a reason");
        }
    }

    /// <summary>maildirsize, which its owner may have written.</summary>
    internal static void Maildirsize(byte[] input)
    {
        if (MaildirSize.Parse(input, out MaildirSize quota) is { } size)
        {
            Must.Hold(
                size is { Bytes: >= 0, Messages: >= 0 } && size.BytesMax == quota.BytesMax,
                "an impossible sum");
            Must.Hold(
                quota.IsUnlimited
                    || MaildirSize.Parse((size with { Lines = 1 }).Format(), out _)
                        == (size with { Lines = 1 }),
                "a sum that changes when it is written");
        }
    }

    /// <summary>A .qmail file, and the names under which it is looked for.</summary>
    internal static void DotQmail(byte[] input)
    {
        foreach (Instruction instruction in Instruction.ParseAll(input))
        {
            ReadOnlySpan<byte> argument = instruction.Argument.Span;
            Must.Hold(argument.IndexOfAny((byte)0, (byte)'\n') < 0, "an argument of two");
            Must.Hold(
                argument.IsEmpty || instruction.Kind != InstructionKind.Maildir
                    || argument[^1] == (byte)'/', "a maildir that is none");
        }

        int count = 0;
        foreach ((byte[] name, byte[]? _) in DotQmailNames.Candidates("-"u8.ToArray(), input))
        {
            Must.Hold(name.AsSpan().StartsWith(".qmail-"u8), "another file's name");
            Must.Hold(name.AsSpan(1).IndexOf((byte)'.') < 0, "a way up");
            Must.Hold(++count <= input.Length + 2, "names without end");
        }
    }

    private static IEnumerable<byte[]> Addresses(byte[] input)
    {
        yield return "joe@host.example"u8.ToArray();
        yield return "joe%a.example@b.example"u8.ToArray();
        yield return input[..Math.Min(input.Length, 1000)];
    }
}
