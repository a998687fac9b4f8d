using System.Text;
using BenchmarkDotNet.Attributes;
using Kopis.Users.Recipients;
using Kopis.Users.Virtual;

namespace MicroBench;

/// <summary>One look-up among a million virtual users, as qmail-lspawn and qmail-lookup do it.
/// </summary>
[MemoryDiagnoser]
public class VirtualUserLookups
{
    private const int Users = 1_000_000;
    private const string Hash = "pbkdf2-sha256$600000$AAAAAAAAAAAAAAAAAAAAAA=="
        + "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    private string _home = "";
    private VirtualLookup _lookup = null!;
    private VirtualUsers _users = null!;
    private int _next;

    /// <summary>Writes the users, and makes their index.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _home = Directory.CreateTempSubdirectory("kopis-bench").FullName;
        Directory.CreateDirectory(Path.Combine(_home, "users"));
        using (StreamWriter text = new(VirtualUsers.FileName(_home)))
        {
            for (int i = 0; i < Users; i++)
            {
                string domain = $"d{i % 1000}.example";
                text.Write($"user{i}@{domain}:{Hash}:mail/{domain}/user{i}\n");
            }
        }

        using (VirtualUsersFile file = new(_home))
        {
            file.Save();
        }

        _users = new VirtualUsers(_home);
        _lookup = new VirtualLookup(_home, (1, 1));
    }

    /// <summary>Leaves nothing.</summary>
    [GlobalCleanup]
    public void CleanUp() => Directory.Delete(_home, recursive: true);

    /// <summary>A login's: another user each time.</summary>
    [Benchmark]
    public bool User()
    {
        int i = _next = (_next + 7919) % Users;
        return _users.Find(Encoding.ASCII.GetBytes($"user{i}@d{i % 1000}.example")) is not null;
    }

    /// <summary>A delivery's, of an address that is nobody's: users, aliases, catch-all.
    /// </summary>
    [Benchmark]
    public bool Nobody()
    {
        int i = _next = (_next + 7919) % Users;
        return _lookup.Find(Encoding.ASCII.GetBytes($"nobody{i}"), "d1.example"u8).User is null;
    }
}
