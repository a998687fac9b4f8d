using BenchmarkDotNet.Attributes;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Mail.Addresses;
using Kopis.Send.Scheduling.Destinations;

namespace MicroBench;

/// <summary>What divides an address at its last <c>@</c>: once or more for each recipient, in each
/// process that it passes.</summary>
[MemoryDiagnoser]
public class AddressPieces
{
    private readonly byte[] _here = ByteText.ToBytes("some.user-list@host.example");
    private readonly byte[] _there = ByteText.ToBytes("another.user@mail.elsewhere.example");
    private string _home = "";
    private AddressMap _map = null!;
    private RcptHosts _hosts = null!;

    /// <summary>Writes the control files.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _home = Directory.CreateTempSubdirectory("kopis-bench").FullName;
        string path = Directory.CreateDirectory(Path.Combine(_home, "control")).FullName;
        File.WriteAllText(Path.Combine(path, "me"), "host.example\n");
        File.WriteAllText(Path.Combine(path, "rcpthosts"), "host.example\n");
        File.WriteAllText(Path.Combine(path, "srsdomain"), "srs.example\n");
        ControlDirectory control = new(path);
        _map = AddressMap.Read(control);
        _hosts = RcptHosts.Load(control);
    }

    /// <summary>Leaves nothing.</summary>
    [GlobalCleanup]
    public void CleanUp() => Directory.Delete(_home, recursive: true);

    /// <summary>A local recipient and a remote one.</summary>
    [Benchmark]
    public int Route()
    {
        int bytes = _map.Route(_here, out bool isLocal).Length;
        return bytes + _map.Route(_there, out bool isElsewhere).Length
            + (isLocal ? 1 : 0) + (isElsewhere ? 1 : 0);
    }

    /// <summary>One that mail is taken for, and one that it is not.</summary>
    [Benchmark]
    public bool Accept() => _hosts.Contains(_here) && !_hosts.Contains(_there);

    /// <summary>What the scheduler reads of a recipient and a sender.</summary>
    [Benchmark]
    public ulong Schedule() =>
        RemoteAddress.SenderKey(_here) + (ulong)RemoteAddress.Domain(_there, route: null).Length
        + (RemoteAddress.IsSrs(_there) ? 1u : 0);

    /// <summary>An address that needs no quotes.</summary>
    [Benchmark]
    public int Quote() => AddressQuote.Quote(_there).Length;
}
