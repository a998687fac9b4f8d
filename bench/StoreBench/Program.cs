// Four ways to keep queue records durable, side by side in one run: a plain framed log with
// fdatasync, a file for each record with one syncfs for a batch, SQLite (WAL, synchronous=FULL), and
// RocksDB (a synced write batch). `dotnet run -c Release --project bench/StoreBench`
// prints the table of docs/decisions/queue-store.md. Interleaved rounds; medians of 5.
using System.Diagnostics;
using System.Globalization;
using Kopis.Base;
using Kopis.Posix;
using Microsoft.Data.Sqlite;
using RocksDbSharp;

const int Rounds = 5;
DirectoryInfo directory = Directory.CreateTempSubdirectory("kopis-store");
(string Name, Action<string, int, int, int> Write)[] stores =
[
    ("log", WriteLog), ("files", WriteFiles), ("SQLite", WriteSqlite), ("RocksDB", WriteRocks),
];
Console.WriteLine(
    "| record | batch | " + string.Concat(stores.Select(store => $"{store.Name} wall, cpu µs | ")));
Console.WriteLine("|---|---|" + string.Concat(stores.Select(_ => "---|")));
foreach ((string name, int bytes) in new[] { ("message, 4 KiB", 4096), ("mark, 24 bytes", 24) })
{
    foreach (int batch in new[] { 1, 10, 100 })
    {
        int count = batch == 1 ? 500 : 50 * batch;
        List<Cost>[] costs = [.. stores.Select(_ => new List<Cost>())];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < stores.Length; i++)
            {
                string path = Path.Combine(
                    directory.FullName, $"{bytes}-{batch}-{round}-{stores[i].Name}");
                Action<string, int, int, int> write = stores[i].Write;
                costs[i].Add(Cost.Of(count, () => write(path, bytes, batch, count)));
            }
        }

        Console.WriteLine($"| {name} | {batch} | "
            + string.Concat(costs.Select(cost => $"{Cost.Median(cost)} | ")));
    }
}

directory.Delete(recursive: true);

static void WriteLog(string path, int bytes, int batch, int count)
{
    int fd = Fd.Open(path, OpenFlags.WriteOnly | OpenFlags.Create);
    byte[] record = new byte[bytes];
    byte[] buffer = new byte[(bytes + 16) * batch];
    long end = 0;
    for (int done = 0; done < count; done += batch)
    {
        for (int i = 0; i < batch; i++)
        {
            Span<byte> frame = buffer.AsSpan(i * (bytes + 16), bytes + 16);
            BitConverter.TryWriteBytes(frame, Crc32C.Of(record));
            record.CopyTo(frame[16..]);
        }

        Fd.WriteAt(fd, buffer, end);
        end += buffer.Length;
        Fd.SyncData(fd);
    }

    Fd.Close(fd);
}

// Under their last names at once: a sync says yes to all of a batch, and what was cut before it was
// told to nobody.
static void WriteFiles(string path, int bytes, int batch, int count)
{
    Directory.CreateDirectory(path);
    byte[] record = new byte[bytes];
    int place = Fd.Open(path, OpenFlags.ReadOnly);
    for (int done = 0; done < count; done += batch)
    {
        for (int i = 0; i < batch; i++)
        {
            int fd = Fd.Open($"{path}/{done + i}", OpenFlags.WriteOnly | OpenFlags.Create);
            BitConverter.TryWriteBytes(record, Crc32C.Of(record.AsSpan(4)));
            Fd.WriteAt(fd, record, 0);
            Fd.Close(fd);
        }

        Fd.SyncFileSystem(place);
    }

    Fd.Close(place);
}

static void WriteRocks(string path, int bytes, int batch, int count)
{
    using RocksDb database = RocksDb.Open(new DbOptions().SetCreateIfMissing(), path);
    WriteOptions synced = new WriteOptions().SetSync(true);
    byte[] record = new byte[bytes];
    byte[] key = new byte[8];
    for (int done = 0; done < count; done += batch)
    {
        using WriteBatch writes = new();
        for (int i = 0; i < batch; i++)
        {
            BitConverter.TryWriteBytes(key, (long)(done + i));
            writes.Put(key, record);
        }

        database.Write(writes, synced);
    }
}

static void WriteSqlite(string path, int bytes, int batch, int count)
{
    using SqliteConnection connection = new($"Data Source={path};Pooling=False");
    connection.Open();
    Execute(connection, "PRAGMA journal_mode=WAL");
    Execute(connection, "PRAGMA synchronous=FULL");
    Execute(connection, "CREATE TABLE record (number INTEGER PRIMARY KEY, body BLOB)");
    using SqliteCommand insert = connection.CreateCommand();
    insert.CommandText = "INSERT INTO record (body) VALUES ($body)";
    SqliteParameter body = insert.Parameters.Add("$body", SqliteType.Blob);
    body.Value = new byte[bytes];
    for (int done = 0; done < count; done += batch)
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        insert.Transaction = transaction;
        for (int i = 0; i < batch; i++)
        {
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }
}

static void Execute(SqliteConnection connection, string sql)
{
    using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are the constants above.
    command.CommandText = sql;
#pragma warning restore CA2100
    command.ExecuteNonQuery();
}

/// <summary>Microseconds a record: on the clock, and of this process's CPU.</summary>
internal readonly record struct Cost(double Wall, double Cpu)
{
    internal static Cost Of(int count, Action work)
    {
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        work();
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        return new Cost(wall.TotalMicroseconds / count, cpu.TotalMicroseconds / count);
    }

    internal static string Median(List<Cost> costs) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Middle(costs.Select(c => c.Wall)):F1}, {Middle(costs.Select(c => c.Cpu)):F1}");

    private static double Middle(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
